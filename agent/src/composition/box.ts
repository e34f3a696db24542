import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { Hardware } from '@watchpost/shared/messages/birth.ts';
import { createFfmpegCamera } from '../capture/ffmpeg-camera.ts';
import type { Camera } from '../capture/port.ts';
import type { AgentConfig } from '../config/schema.ts';
import { type FileCredentials, openFileCredentials } from '../identity/file-credentials.ts';
import { createFileDirectorKeys, type FileDirectorKeys } from '../identity/file-director-keys.ts';
import { loadIdentity } from '../identity/file-identity.ts';
import type { Fetch, Identity } from '../identity/port.ts';
import { createTlsFetch } from '../identity/tls-fetch.ts';
import { createActiveModel } from '../inference/active-model.ts';
import type { ActiveModel } from '../inference/port.ts';
import { type ClockTrust, openFileClockTrust } from '../kernel/file-clock-trust.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { createSysteminformationInventory } from '../telemetry/systeminformation-inventory.ts';
import { openFileBundleStore } from '../update/file-bundle-store.ts';
import type { BundleStore } from '../update/port.ts';
import type { Outbox } from '../uplink/port.ts';
import { openSqliteOutbox } from '../uplink/sqlite-outbox.ts';
import { openBootGuard } from '../watchdog/file-boot-guard.ts';
import type { BootGuard } from '../watchdog/port.ts';
import { createProgressRecorder, type ProgressRecorder } from '../watchdog/progress-recorder.ts';

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
  readonly cameras: readonly Camera[];
  readonly model: ActiveModel;
  /** What the watchdog goes by. */
  readonly progress: ProgressRecorder;
  readonly guard: BootGuard;
  readonly clockTrust: ClockTrust;
  readonly startedAtMs: number;
}

export async function openBox(config: AgentConfig, log: Logger): Promise<Box> {
  const identity = await loadIdentity(config.dataDir);
  const credentials = await openFileCredentials(config.dataDir);
  const { dataDir } = config;
  const guard = await openBootGuard({ dataDir, log });
  const { wallMs, monotonicMs } = systemClock;
  const openCamera = createFfmpegCamera({
    logger: log.child({ component: 'capture' }),
    nowMs: monotonicMs,
    random01,
  });
  const cameras = config.cameras.map((camera) => openCamera(camera));
  const model = createActiveModel();
  return {
    config,
    log,
    identity,
    credentials,
    directorKeys: createFileDirectorKeys(config.dataDir, identity.directorKeys),
    fetch: createTlsFetch(credentials.current),
    hardware: await createSysteminformationInventory().read(),
    bundles: await openFileBundleStore({ dataDir: config.dataDir, log }),
    cameras,
    model,
    progress: createProgressRecorder({ cameras, model, clock: systemClock }),
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

export async function closeBox({ model, outbox }: Box): Promise<void> {
  await model.release();
  outbox.close();
}
