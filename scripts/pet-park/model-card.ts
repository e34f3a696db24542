import { CONVS } from './network.ts';
import type { Score } from './scoring.ts';

/** Everything about one training run that the files beside the model say. */
export interface TrainingFacts {
  readonly seed: number;
  readonly epochs: number;
  readonly trainingFrames: number;
  readonly trainingParks: number;
  readonly parameters: number;
  readonly validationAccuracy: number;
  readonly testParks: readonly number[];
  readonly testSecondsPerPark: number;
  readonly test: Score;
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

function scoreTable(score: Score): string {
  const rows = score.classes.map(
    ({ label, frames, precision, recall }) =>
      `| ${label} | ${frames} | ${percent(precision)} | ${percent(recall)} |`,
  );
  return ['| label | frames | precision | recall |', '|---|---|---|---|', ...rows].join('\n');
}

/** The model card, in the nine sections of Mitchell et al., "Model Cards for Model Reporting" (2019). */
export function writeModelCard(facts: TrainingFacts): string {
  const { test } = facts;
  return `# Pet park: cat, dog or none

## 1. Model details
A convolutional network of ${CONVS.length} layers (${facts.parameters} parameters) with mean and maximum pooling, made by
\`scripts/train-demo-model.ts\` with TensorFlow.js from seed ${facts.seed}, ${facts.epochs} epochs. Input: the whole 16:9 frame resized to 160x90
with an area filter, RGB, uint8. Output: probabilities of cat, dog, none. Apache-2.0. The ONNX file and the TensorFlow.js
graph model compute the same function.

## 2. Intended use
To show Watchpost working end to end on a drawn camera picture with known truth. It is not meant for real cameras: it knows
only drawn animals, and what it answers about a photograph means nothing.

## 3. Factors
Park, light, weather, coat, size, direction, gait, number of animals, passers-by. Coat colours and patterns are the same for
cats and dogs. Never are both kinds in one picture.

## 4. Metrics
Share of right answers over decided frames, and precision and recall of each label. Frames in which every animal is less than
half inside the picture have no fair label and are left out.

## 5. Evaluation data
Every fifth frame of ${facts.testParks.length} parks of ${facts.testSecondsPerPark} s (test seeds ${facts.testParks.join(', ')}), drawn at 1280x720, coded as H.264,
decoded and resized by ffmpeg. Their scenery, coats and paths are drawn from other seeds and other palettes than those of the training.

## 6. Training data
${facts.trainingFrames} drawn frames of ${facts.trainingParks} parks, mirrored, shifted, relit and made noisy at random. No photograph and no person's data.

## 7. Quantitative analyses
Accuracy ${percent(test.accuracy)} over ${test.frames} decided frames of unseen parks (${percent(facts.validationAccuracy)} on parks of the training palettes that were not trained on).
Frames of one walk are alike, so the figure of a single park differs more from this than its digits suggest.

${scoreTable(test)}

## 8. Ethical considerations
People in the pictures are drawn figures and carry no label. The model does not look for people and must not be used to.

## 9. Caveats and recommendations
The probabilities are not calibrated. Small or hidden animals and crowded pictures are where it errs. For real cats and dogs, deploy
a model that was trained on photographs.
`;
}
