import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { Hardware } from '@watchpost/shared/messages/birth.ts';
import { type CameraSet, createCameraSet } from '../camera-set.ts';
import { createDecodeChooser } from '../capture/decode/decode-chooser.ts';
import { createFileDecodeMemory } from '../capture/decode/decode-memory.ts';
import { createFfmpegCamera } from '../capture/ffmpeg-camera.ts';
import type { AgentConfig } from '../config/schema.ts';
import { createFileEvidenceStore } from '../evidence/file-evidence-store.ts';
import type { EvidenceStore } from '../evidence/port.ts';
import { type FileCredentials, openFileCredentials } from '../identity/file-credentials.ts';
import { createFileDirectorKeys, type FileDirectorKeys } from '../identity/file-director-keys.ts';
import { loadIdentity } from '../identity/file-identity.ts';
import type { Fetch, Identity } from '../identity/port.ts';
import { createTlsFetch } from '../identity/tls-fetch.ts';
import { createActiveModel } from '../inference/active-model.ts';
import type { ActiveModel } from '../inference/port.ts';
import { type ClockTrust, openFileClockTrust } from '../kernel/file-clock-trust.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { createGpuSet } from '../telemetry/gpu/gpu-set.ts';
import { createIntelGpu } from '../telemetry/gpu/intel-gpu.ts';
import { createJetsonGpu } from '../telemetry/gpu/jetson-gpu.ts';
import { createNvidiaSmiGpu } from '../telemetry/gpu/nvidia-smi-gpu.ts';
import type { RecentTelemetry } from '../telemetry/port.ts';
import { createProcTelemetry } from '../telemetry/proc-telemetry.ts';
import { createSysFiles } from '../telemetry/sys/sys-files.ts';
import { createSysteminformationInventory } from '../telemetry/systeminformation-inventory.ts';
import { openFileBundleStore } from '../update/file-bundle-store.ts';
import type { BundleStore } from '../update/port.ts';
import type { Outbox } from '../uplink/port.ts';
import { openSqliteOutbox } from '../uplink/sqlite-outbox.ts';
import { createVitalsRecorder, type VitalsRecorder } from '../vitals.ts';
import type { BootGuard } from '../watchdog/port.ts';

export const random01 = (): number => Math.random();

/** What every part of the composition below is made from. */
export interface Box {
  readonly config: AgentConfig;
  readonly log: Logger;
  readonly identity: Identity;
  readonly credentials: FileCredentials;
  readonly directorKeys: FileDirectorKeys;
  /** To the fleet server, with the box's certificate where it has TLS. */
  readonly fetch: Fetch;
  readonly hardware: Hardware;
  readonly outbox: Outbox;
  readonly bundles: BundleStore;
  readonly evidence: EvidenceStore;
  readonly cameras: CameraSet;
  readonly model: ActiveModel;
  /** The part of the graphics cards' telemetry that runs. */
  readonly gpu: Component;
  readonly telemetry: RecentTelemetry;
  /** What the watchdog and the trials of models go by. */
  readonly vitals: VitalsRecorder;
  readonly guard: BootGuard;
  readonly clockTrust: ClockTrust;
  readonly startedAtMs: number;
}

/** @throws AppError NOT_ENROLLED | STORE_FAILED */
export async function openBox({ config, guard }: Pick<Box, 'config' | 'guard'>, log: Logger): Promise<Box> {
  const identity = await loadIdentity(config.dataDir);
  const credentials = await openFileCredentials(config.dataDir);
  const { dataDir } = config;
  const { wallMs, monotonicMs } = systemClock;
  const captureLog = log.child({ component: 'capture' });
  const openCamera = createFfmpegCamera({
    logger: captureLog,
    nowMs: monotonicMs,
    random01,
    decoding: createDecodeChooser({
      ffmpegPath: 'ffmpeg',
      memory: createFileDecodeMemory({ dataDir, log: captureLog }),
      log: captureLog,
    }),
  });
  const { intervalSec } = config.telemetry;
  const gpu = createNvidiaSmiGpu({ intervalSec, clock: systemClock, random01, log });
  const sysFiles = createSysFiles();
  const cards = createGpuSet([gpu, createJetsonGpu(sysFiles), createIntelGpu(sysFiles, systemClock)]);
  const telemetry = createProcTelemetry({ dataDir, gpu: cards });
  const model = createActiveModel();
  const cameras = createCameraSet({
    cameras: config.cameras,
    open: (camera) => openCamera(camera, model.current()?.plan),
    log: log.child({ component: 'cameras' }),
  });
  return {
    config,
    log,
    identity,
    credentials,
    directorKeys: createFileDirectorKeys(config.dataDir, identity.directorKeys),
    fetch: createTlsFetch(credentials.current),
    hardware: await createSysteminformationInventory().read(),
    bundles: await openFileBundleStore({ dataDir, log, maxBytes: config.update.maxDiskBytes }),
    evidence: createFileEvidenceStore({ dataDir, clock: systemClock }),
    cameras,
    model,
    gpu,
    telemetry,
    vitals: createVitalsRecorder({
      cameras: () => cameras.list(),
      model,
      celsius: () => findHottest(telemetry.latest()?.temperatures ?? []),
      clock: systemClock,
    }),
    guard,
    clockTrust: await openFileClockTrust({ dataDir, clock: systemClock, log }),
    startedAtMs: wallMs(),
    outbox: openSqliteOutbox({
      path: join(config.dataDir, 'outbox.sqlite'),
      maxBytes: config.outbox.maxBytes,
      newEpoch: () => randomBytes(8).toString('hex'),
      wallMs,
      log,
    }),
  };
}

function findHottest(temperatures: readonly { readonly celsius: number }[]): number | undefined {
  return temperatures.reduce<number | undefined>(
    (hottest, { celsius }) => (hottest === undefined || celsius > hottest ? celsius : hottest),
    undefined,
  );
}

export async function closeBox({ model, outbox }: Box): Promise<void> {
  await model.release();
  outbox.close();
}
