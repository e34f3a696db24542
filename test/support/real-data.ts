import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { PREPROCESS_PRESETS } from '@watchpost/shared/bundle/preprocess.ts';
import { ROOT } from './imports.ts';

/** Real models, photographs and clips, which are not part of the project. */
export const DATA = join(ROOT, '../shared/data');

/** Of a test that needs them. */
export const NEEDS_DATA = {
  skip: existsSync(join(DATA, 'SOURCES.md')) ? false : `no real models, photographs and clips in ${DATA}`,
};

/** The int8 model of the pet park; its labels are those of `models/petpark_labels.txt`. */
export const PETPARK_FILE = 'models/petpark_v2_int8_u8nhwc.onnx';
export const PETPARK = {
  input: { name: 'input', layout: 'NHWC', dtype: 'uint8', width: 224, height: 224, channels: 'RGB' },
  preprocess: PREPROCESS_PRESETS.raw,
  output: { name: 'probs', activation: 'probabilities', labels: ['cat', 'dog', 'other'], temperature: 1 },
  decision: {
    ...{ window: 10, enter: 0.6, exit: 0.4, minVotes: 6, minDwellSec: 1, cooldownSec: 2, rejectBelow: 0.6 },
    background: ['other'],
  },
} as const satisfies Partial<Manifest>;
