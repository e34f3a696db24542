import type { ModelOutput } from '@watchpost/shared/bundle/manifest.ts';

/** Rounding may take a softmax a little below zero, a quantised one further from a sum of one. */
const LOWEST_PROBABILITY = -1e-3;
const SUM_TOLERANCE = 0.05;

type Raw = ArrayLike<number>;

/**
 * Turns what a graph gave into probabilities that sum to 1.
 * @returns undefined when that is impossible: a value is not finite, or "probabilities" are no distribution
 */
export function computeProbabilities(
  raw: Raw,
  output: Pick<ModelOutput, 'activation' | 'temperature'>,
): readonly number[] | undefined {
  const values = Array.from(raw);
  if (values.length === 0 || !values.every(Number.isFinite)) return undefined;
  if (output.activation === 'logits') return softmax(values, output.temperature);
  const sum = values.reduce((total, value) => total + value, 0);
  if (sum <= 0 || values.some((value) => value < LOWEST_PROBABILITY)) return undefined;
  const clean = values.map((value) => Math.max(value, 0));
  if (output.temperature === 1) return normalise(clean);
  // The logarithm of a softmax is its logits but for a constant, which softmax takes away again.
  return softmax(clean.map(Math.log), output.temperature);
}

function softmax(logits: readonly number[], temperature: number): readonly number[] {
  const highest = logits.reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY);
  return normalise(logits.map((value) => Math.exp((value - highest) / temperature)));
}

function normalise(values: readonly number[]): readonly number[] {
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / sum);
}

/** Whether raw outputs already are a distribution, as after a softmax in the graph. */
export function isDistribution(raw: Raw): boolean {
  const values = Array.from(raw);
  const sum = values.reduce((total, value) => total + value, 0);
  return Math.abs(sum - 1) <= SUM_TOLERANCE && values.every((value) => value >= LOWEST_PROBABILITY);
}

/** Index of the highest value, the first of equals; 0 for no values. */
export function findBest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? value) ? index : best), 0);
}
