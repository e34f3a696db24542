import { generateKeyPairSync } from 'node:crypto';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';

/** A bundle in memory, as a server would hold it. */
export interface TestBundle {
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly digest: string;
  /** By path in the bundle. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface TestBundleOptions {
  readonly version?: string;
  readonly releaseCounter?: number;
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly manifest?: Partial<Manifest>;
}

export const makeKeyPair = () => generateKeyPairSync('ed25519');

/** Bytes that differ from one seed to the next, and do not compress. */
export function makeBytes(sizeBytes: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: sizeBytes }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

/** A bundle whose model is no model: for all that moves bundles without running them. */
export function makeBundle(options: TestBundleOptions = {}): TestBundle {
  const files = new Map(
    Object.entries(
      options.files ?? { 'model.onnx': makeBytes(200_000, 7), 'golden/cat.bin': makeBytes(3_000, 8) },
    ),
  );
  const [model = 'model.onnx'] = files.keys();
  const manifest: Manifest = {
    schemaVersion: 1,
    model: 'pets',
    version: options.version ?? '1.0.0',
    releaseCounter: options.releaseCounter ?? 1,
    requires: {},
    files: [...files].map(([path, bytes]) => ({ path, sha256: sha256Hex(bytes), sizeBytes: bytes.length })),
    variants: [{ name: 'fp32', runtime: 'onnx', precision: 'fp32', file: model, cpuFeatures: [] }],
    input: { name: 'input', layout: 'NHWC', dtype: 'uint8', width: 8, height: 8, channels: 'RGB' },
    preprocess: { do_resize: true, do_center_crop: false, do_rescale: false, do_normalize: false },
    output: { name: 'output', activation: 'probabilities', labels: ['cat', 'none'], temperature: 1 },
    decision: {
      window: 5,
      enter: 0.6,
      exit: 0.4,
      minVotes: 3,
      minDwellSec: 1,
      cooldownSec: 1,
      rejectBelow: 0.5,
      background: ['none'],
    },
    golden: [],
    metrics: {},
    lineage: {},
    ...options.manifest,
  };
  const text = canonicalJson(manifest);
  return {
    manifest,
    manifestBytes: new TextEncoder().encode(text),
    digest: sha256Hex(text),
    files,
  };
}

export function contentOf(bundle: TestBundle, path: string): { sha256: string; bytes: Uint8Array } {
  const bytes = bundle.files.get(path);
  if (bytes === undefined) throw new Error(`the bundle has no ${path}`);
  return { sha256: sha256Hex(bytes), bytes };
}

export function flipByte(bytes: Uint8Array, at = 0): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
}
