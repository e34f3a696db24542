import { digestOf, sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { Hardware } from '@watchpost/shared/messages/birth.ts';
import type { DeploymentFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { ClockState } from '@watchpost/shared/messages/durable.ts';
import type { CameraEvent } from '@watchpost/shared/messages/event.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import type {
  BundleRecord,
  DeploymentRecord,
  DeviceRecord,
  DurableMessage,
  RejectedMessage,
} from '../../fleet-server/src/store/port.ts';

/** Data of a fleet, complete and valid; a test names only what it is about. */
export const EPOCH = '00000000000000aa';
export const HARDWARE: Hardware = {
  board: 'test board',
  cpu: 'test cpu',
  cores: 4,
  memoryBytes: 4e9,
  os: 'Debian 12',
  arch: 'x64',
  gpu: [],
};

export interface Numbers {
  readonly deviceId?: string;
  readonly epoch?: string;
  readonly firstSeq?: number;
  readonly historical?: boolean;
}

const numbersOf = (seq: number, { epoch = EPOCH, firstSeq = 1, historical = false }: Numbers) => ({
  epoch,
  seq,
  firstSeq,
  historical,
});

export function cameraEvent(seq: number, numbers: Numbers = {}): CameraEvent {
  return {
    id: `sighting-${seq}`,
    type: 'new',
    label: 'cat',
    score: 0.9,
    tsMs: 1_000 + seq,
    votes: { label: 4, window: 5 },
    thresholds: { enter: 0.7, exit: 0.4 },
    bundleDigest: 'b'.repeat(64),
    ...numbersOf(seq, numbers),
  };
}

export function liveTelemetry(tsMs = 1_000): Telemetry {
  return {
    tsMs,
    windowSec: 0,
    uptimeSec: 60,
    cpu: { load01: 0.5, loadAvg1: 1 },
    gpu: [],
    temperatures: [],
    memory: { totalBytes: 4, availableBytes: 2, agentRssBytes: 1 },
    disk: { totalBytes: 4, freeBytes: 2 },
    network: { rxBytesPerSec: 0, txBytesPerSec: 0 },
    throttled: false,
    clock: { synced: true },
    outbox: { rows: 0, bytes: 0, oldestSec: 0, dropped: 0 },
  };
}

export const eventMessage = (
  seq: number,
  numbers: Numbers & { readonly camera?: string } = {},
): DurableMessage => ({
  stream: 'event',
  deviceId: numbers.deviceId ?? 'box-1',
  camera: numbers.camera ?? 'door',
  body: cameraEvent(seq, numbers),
});

export const changeMessage = (
  seq: number,
  state: DeploymentState,
  numbers: Numbers & {
    readonly deploymentId?: string;
    readonly reason?: string;
    readonly detail?: string;
    readonly findings?: DeploymentFindings;
    readonly clockState?: ClockState;
  } = {},
): DurableMessage => ({
  stream: 'deployment',
  deviceId: numbers.deviceId ?? 'box-1',
  body: {
    deploymentId: numbers.deploymentId ?? 'deployment-1',
    tsMs: 1_000 + seq,
    state,
    bundleDigest: 'b'.repeat(64),
    ...(numbers.reason === undefined ? {} : { reason: numbers.reason }),
    ...(numbers.detail === undefined ? {} : { detail: numbers.detail }),
    ...(numbers.findings === undefined ? {} : { findings: numbers.findings }),
    ...(numbers.clockState === undefined ? {} : { clockState: numbers.clockState }),
    ...numbersOf(seq, numbers),
  },
});

export const summaryMessage = (seq: number, tsMs: number, numbers: Numbers = {}): DurableMessage => ({
  stream: 'telemetry',
  deviceId: numbers.deviceId ?? 'box-1',
  body: { ...liveTelemetry(tsMs), windowSec: 60, ...numbersOf(seq, numbers) },
});

export const rejectedMessage = (seq: number, numbers: Numbers = {}): RejectedMessage => ({
  stream: 'event',
  deviceId: numbers.deviceId ?? 'box-1',
  body: numbersOf(seq, numbers),
  problem: '/label is missing',
  payload: '{}',
});

export function deviceRecord(id = 'box-1', secret = 'secret'): DeviceRecord {
  return {
    id,
    fleet: 'main',
    state: 'accepted',
    publicKey: `key of ${id}`,
    fingerprint: sha256Hex(`key of ${id}`),
    secretSha256: sha256Hex(secret),
    hardware: HARDWARE,
    enrolledAtMs: 500,
  };
}

export function bundleRecord(version = '1.0.0', model = 'petpark'): BundleRecord {
  const manifest: BundleRecord['manifest'] = {
    schemaVersion: 1,
    model,
    version,
    releaseCounter: 3,
    requires: {},
    files: [{ path: 'model.onnx', sha256: 'c'.repeat(64), sizeBytes: 10 }],
    variants: [{ name: 'fp32', runtime: 'onnx', precision: 'fp32', file: 'model.onnx', cpuFeatures: [] }],
    input: { name: 'x', layout: 'NHWC', dtype: 'uint8', width: 8, height: 8, channels: 'RGB' },
    preprocess: { do_resize: false, do_center_crop: false, do_rescale: false, do_normalize: false },
    output: { name: 'y', activation: 'probabilities', labels: ['cat', 'none'], temperature: 1 },
    decision: {
      window: 5,
      enter: 0.7,
      exit: 0.4,
      minVotes: 3,
      minDwellSec: 0,
      cooldownSec: 0,
      rejectBelow: 0,
      background: ['none'],
    },
    golden: [],
    metrics: {},
    lineage: {},
  };
  return {
    digest: digestOf(manifest),
    manifest,
    state: 'released',
    createdAtMs: 700,
  };
}

export function deploymentRecord(
  id: string,
  bundle: BundleRecord,
  changes: Partial<DeploymentRecord> = {},
): DeploymentRecord {
  return {
    id,
    deviceId: 'box-1',
    bundleDigest: bundle.digest,
    model: bundle.manifest.model,
    version: bundle.manifest.version,
    state: 'pending',
    order: 'header.payload.signature',
    createdAtMs: 800,
    updatedAtMs: 800,
    ...changes,
  };
}
