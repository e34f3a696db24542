import type { RolloutCounts } from '@watchpost/shared/api/rollouts.ts';

/** How devices of a bar stand, in its order. */
const MARKS = [
  ['succeeded', '█'],
  ['failed', '×'],
  ['out', '-'],
  ['inWork', '▒'],
  ['waiting', '·'],
] as const;

export const BAR_LEGEND = '█ succeeded  × failed  - out: rejected, aborted or gone  ▒ in work  · waiting';

/** Those that count for nothing: rejected, aborted, gone. */
export const countOut = ({ rejected, other }: RolloutCounts): number => rejected + other;
export const countExecuted = ({ succeeded, failed }: RolloutCounts): number => succeeded + failed;

/** `width` marks, shared among the devices; whatever there is of anything shows. */
export function drawBar(counts: RolloutCounts, width: number): string {
  const amounts = MARKS.map(([key]) => (key === 'out' ? countOut(counts) : counts[key]));
  const total = amounts.reduce((sum, amount) => sum + amount, 0);
  if (total === 0) return ' '.repeat(width);
  const cells = amounts.map((amount) =>
    amount === 0 ? 0 : Math.max(1, Math.round((amount / total) * width)),
  );
  // Rounding may give one too many or too few: the widest stretch hides it best.
  for (let over = cells.reduce((sum, cell) => sum + cell, 0) - width; over !== 0; over -= Math.sign(over)) {
    const widest = cells.indexOf(Math.max(...cells));
    cells[widest] = (cells[widest] ?? 0) - Math.sign(over);
  }
  return MARKS.map(([, mark], index) => mark.repeat(cells[index] ?? 0)).join('');
}
