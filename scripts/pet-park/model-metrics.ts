import type { TrainingFacts } from './model-card.ts';

/** The figures a model registry compares versions by: plain numbers, ratios from 0 to 1. */
export function flattenMetrics({
  test,
  validationAccuracy,
}: TrainingFacts): Readonly<Record<string, number>> {
  const classes = test.classes.flatMap(({ label, precision, recall }) => [
    [`precision_${label}`, precision],
    [`recall_${label}`, recall],
  ]);
  return {
    accuracy: test.accuracy,
    decidedFrames: test.frames,
    validationAccuracy,
    ...Object.fromEntries(classes),
  };
}
