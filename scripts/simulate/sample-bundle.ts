import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { PREPROCESS_PRESETS } from '@watchpost/shared/bundle/preprocess.ts';
import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { MODEL } from './population.ts';

/** No box reads it. */
const CONTENT = 'a simulated model';

export interface SampleBundle {
  readonly digest: string;
  readonly manifest: Manifest;
}

/** A bundle whose manifest is whole and whose model is none: virtual boxes classify nothing. */
export function makeSampleBundle(version: string, releaseCounter: number): SampleBundle {
  const manifest: Manifest = {
    schemaVersion: 1,
    model: MODEL,
    version,
    releaseCounter,
    requires: {},
    files: [{ path: 'model.onnx', sha256: sha256Hex(CONTENT), sizeBytes: CONTENT.length }],
    variants: [{ name: 'fp32', runtime: 'onnx', precision: 'fp32', file: 'model.onnx', cpuFeatures: [] }],
    input: { name: 'input', layout: 'NHWC', dtype: 'uint8', width: 64, height: 64, channels: 'RGB' },
    preprocess: PREPROCESS_PRESETS.raw,
    output: { name: 'output', activation: 'probabilities', labels: ['cat', 'dog', 'none'], temperature: 1 },
    decision: {
      window: 5,
      enter: 0.6,
      exit: 0.4,
      minVotes: 3,
      minDwellSec: 1,
      cooldownSec: 2,
      rejectBelow: 0.5,
      background: ['none'],
    },
    golden: [],
    metrics: {},
    lineage: { note: 'simulated' },
  };
  return { digest: sha256Hex(canonicalJson(manifest)), manifest };
}
