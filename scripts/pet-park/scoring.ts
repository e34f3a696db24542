import { LABELS } from './examples.ts';

/** Counts of frames, first by truth and then by answer, both in the order of LABELS. */
export type Confusion = readonly (readonly number[])[];

export interface ClassScore {
  readonly label: string;
  readonly frames: number;
  readonly precision: number;
  readonly recall: number;
}

export interface Score {
  readonly frames: number;
  readonly accuracy: number;
  readonly classes: readonly ClassScore[];
  readonly confusion: Confusion;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1e4) / 1e4;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** Pairs are indices into LABELS: what was shown, and what the model answered. */
export function scoreOf(pairs: readonly { readonly truth: number; readonly answer: number }[]): Score {
  const confusion = LABELS.map((_, truth) =>
    LABELS.map((_, answer) => pairs.filter((pair) => pair.truth === truth && pair.answer === answer).length),
  );
  const at = (truth: number, answer: number): number => confusion[truth]?.[answer] ?? 0;
  const classes = LABELS.map((label, i) => ({
    label,
    frames: sum(confusion[i] ?? []),
    precision: ratio(at(i, i), sum(confusion.map((row) => row[i] ?? 0))),
    recall: ratio(at(i, i), sum(confusion[i] ?? [])),
  }));
  const right = sum(LABELS.map((_, i) => at(i, i)));
  return { frames: pairs.length, accuracy: ratio(right, pairs.length), classes, confusion };
}

/** Index of the largest probability. */
export function likeliest(probabilities: readonly number[]): number {
  return probabilities.indexOf(Math.max(...probabilities));
}
