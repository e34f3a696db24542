import type { SelfTestFindings } from '@watchpost/shared/messages/deployment-findings.ts';

export interface BoardTest {
  readonly board: string;
  readonly findings: Pick<SelfTestFindings, 'trials' | 'chosen'>;
}

/** How long a bundle takes on each board: the median over its boxes of the latency (p95) of the variant chosen there. */
export function computeBoardLatency(tests: readonly BoardTest[]): ReadonlyMap<string, number> {
  const byBoard = new Map<string, number[]>();
  for (const { board, findings } of tests) {
    const latencyMs = findChosenLatency(findings);
    if (latencyMs !== undefined) byBoard.set(board, [...(byBoard.get(board) ?? []), latencyMs]);
  }
  return new Map([...byBoard].map(([board, latenciesMs]) => [board, median(latenciesMs)]));
}

function findChosenLatency({ trials, chosen }: BoardTest['findings']): number | undefined {
  if (chosen === undefined) return undefined;
  return trials.find(({ variant, threads }) => variant === chosen.variant && threads === chosen.threads)
    ?.inferMs?.p95;
}

/** Of an even count the lower one: a doubt speaks for the device. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}
