import type { DeviceView } from '../../fleet-server/src/devices/port.ts';
import type { EventRow } from '../../fleet-server/src/store/port.ts';
import type { Manifest } from '../../shared/src/bundle/manifest.ts';
import { sha256Hex } from '../../shared/src/kernel/digest.ts';

export const HARDWARE = {
  board: 'test board',
  cpu: 'test cpu',
  cores: 2,
  memoryBytes: 1024,
  os: 'linux',
  arch: 'x64',
  gpu: [],
};

export function makeDevice(id: string, change: Partial<DeviceView> = {}): DeviceView {
  return {
    id,
    fleet: 'park',
    state: 'accepted',
    connection: 'ready',
    enrolledAtMs: 1,
    fingerprint: sha256Hex(id),
    birth: {
      agentVersion: '0.1.0',
      startedAtMs: 1,
      hardware: HARDWARE,
      executionProviders: ['cpu'],
      cameras: [{ id: 'gate', name: 'Gate', kind: 'rtsp' }],
      epoch: '0123456789abcdef',
      lastSeq: {},
    },
    cameras: [{ id: 'gate', name: 'Gate' }],
    ...change,
  };
}

export function makeEvent(rowId: number, change: Partial<EventRow> = {}): EventRow {
  return {
    rowId,
    deviceId: 'box-1',
    camera: 'gate',
    receivedAtMs: 2000,
    id: `sighting-${rowId}`,
    type: 'new',
    label: 'cat',
    score: 0.9,
    tsMs: 1000,
    votes: { label: 3, window: 5 },
    thresholds: { enter: 0.6, exit: 0.4 },
    bundleDigest: sha256Hex('bundle'),
    epoch: '0123456789abcdef',
    seq: rowId,
    firstSeq: 1,
    historical: false,
    ...change,
  };
}

/** A manifest whose only file is `model`. */
export function makeManifest(model: Uint8Array, change: Partial<Manifest> = {}): Manifest {
  return {
    schemaVersion: 1,
    model: 'pets',
    version: '1.0.0',
    releaseCounter: 1,
    requires: {},
    files: [{ path: 'model.onnx', sha256: sha256Hex(model), sizeBytes: model.length }],
    variants: [{ name: 'fp32', runtime: 'onnx', precision: 'fp32', file: 'model.onnx', cpuFeatures: [] }],
    input: { name: 'input', layout: 'NHWC', dtype: 'uint8', width: 4, height: 2, channels: 'RGB' },
    preprocess: { do_resize: true, do_center_crop: true, do_rescale: false, do_normalize: false },
    output: { name: 'output', activation: 'probabilities', labels: ['cat', 'dog'], temperature: 1 },
    decision: {
      window: 5,
      enter: 0.6,
      exit: 0.4,
      minVotes: 3,
      minDwellSec: 1,
      cooldownSec: 2,
      rejectBelow: 0.5,
      background: [],
    },
    golden: [],
    metrics: {},
    lineage: {},
    ...change,
  };
}
