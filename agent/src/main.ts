import { randomBytes, randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Component, startAll } from '@watchpost/shared/kernel/component.ts';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { ActiveBundle, Birth, Hardware } from '@watchpost/shared/messages/birth.ts';
import { STREAMS } from '@watchpost/shared/messages/durable.ts';
import { activateBundle } from './activation.ts';
import { createFfmpegCamera } from './capture/ffmpeg-camera.ts';
import type { Camera } from './capture/port.ts';
import type { AgentConfig, CameraConfig } from './config/schema.ts';
import { createDecider } from './decision/decider.ts';
import { createHttpArtifacts, type HttpArtifactsOptions } from './download/http-artifacts.ts';
import { createHttpMetadata } from './download/http-metadata.ts';
import { createCertificateRenewal } from './identity/certificate-renewal.ts';
import { type FileCredentials, openFileCredentials } from './identity/file-credentials.ts';
import { createFileDirectorKeys, type FileDirectorKeys } from './identity/file-director-keys.ts';
import { loadIdentity } from './identity/file-identity.ts';
import { type Fetch, formatDeviceAuthorization, type Identity } from './identity/port.ts';
import { createTlsFetch } from './identity/tls-fetch.ts';
import { createActiveModel } from './inference/active-model.ts';
import { createChildProcessHost } from './inference/child-process-host.ts';
import { computeFramePlan } from './inference/frame-plan.ts';
import { checkGoldenFrames } from './inference/golden.ts';
import type { ActiveModel } from './inference/port.ts';
import { systemClock } from './kernel/system-clock.ts';
import { AGENT_VERSION } from './kernel/version.ts';
import { createPipeline } from './pipeline.ts';
import { createNvidiaSmiGpu } from './telemetry/nvidia-smi-gpu.ts';
import { createProcTelemetry } from './telemetry/proc-telemetry.ts';
import { createSysteminformationInventory } from './telemetry/systeminformation-inventory.ts';
import { createTelemetryReporter } from './telemetry/telemetry-reporter.ts';
import { createJwsOrderReader } from './trust/jws-order.ts';
import { ROOTLESS_TRUST } from './trust/rootless-trust.ts';
import { createSqliteTrustMarks } from './trust/sqlite-trust-marks.ts';
import { bindOrders, createTufDirectorKeys } from './trust/tuf-director-keys.ts';
import { createTufTrust, loadBootstrapRoot, type TufTrust } from './trust/tuf-trust.ts';
import { openFileBundleStore } from './update/file-bundle-store.ts';
import { type Capabilities, computeFitness } from './update/fitness.ts';
import type { BundleStore, InstalledBundle } from './update/port.ts';
import { createUpdater, type Updater, type UpdaterDeps } from './update/updater.ts';
import { createHttpPictures } from './uplink/http-pictures.ts';
import { createMqttSession } from './uplink/mqtt-session.ts';
import type { Outbox, UplinkComponent } from './uplink/port.ts';
import { openSqliteOutbox } from './uplink/sqlite-outbox.ts';
import { createUplink } from './uplink/uplink.ts';

const THROUGHPUT_WINDOW_MS = 60_000;
const random01 = (): number => Math.random();

/** What every part of the composition below is made from. */
interface Box {
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
  readonly startedAtMs: number;
}

/**
 * Builds the agent and starts it. The cameras classify with the model already on disk before anything is heard from
 * the fleet; a broker that is down keeps nothing from starting.
 * @returns stops everything
 * @throws AppError NOT_ENROLLED | CONFIG_INVALID | STORE_FAILED
 */
export async function startAgent(
  config: AgentConfig,
  log: Logger,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const box = await openBox(config, log);
  const activate = createActivation(box);
  const uplink = createFleetUplink(box);
  const updater = await createBundleUpdater(box, uplink, activate);
  uplink.onDesired((document) => updater.onDesired(document));
  await resumeModel(box, activate);
  reportModel(box, uplink, updater);
  const stopParts = await startAll([...createParts(box, uplink), updater], signal).catch(
    async (error: unknown) => {
      await closeBox(box);
      throw error;
    },
  );
  return async () => {
    await stopParts();
    await closeBox(box);
  };
}

async function closeBox({ model, outbox }: Box): Promise<void> {
  await model.release();
  outbox.close();
}

async function openBox(config: AgentConfig, log: Logger): Promise<Box> {
  const identity = await loadIdentity(config.dataDir);
  const credentials = await openFileCredentials(config.dataDir);
  const { wallMs, monotonicMs } = systemClock;
  const openCamera = createFfmpegCamera({
    logger: log.child({ component: 'capture' }),
    nowMs: monotonicMs,
    random01,
  });
  return {
    config,
    log,
    identity,
    credentials,
    directorKeys: createFileDirectorKeys(config.dataDir, identity.directorKeys),
    fetch: createTlsFetch(credentials.current),
    hardware: await createSysteminformationInventory().read(),
    bundles: await openFileBundleStore({ dataDir: config.dataDir, log }),
    cameras: config.cameras.map((camera) => openCamera(camera)),
    model: createActiveModel(),
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

type Activate = (bundle: InstalledBundle) => Promise<void>;

function createActivation({ config, log, cameras, model }: Box): Activate {
  const host = createChildProcessHost({ log: log.child({ component: 'inference' }), random: random01 });
  const settings = config.inference;
  return (bundle) =>
    activateBundle(bundle, {
      host,
      checkGoldenFrames,
      planFrames: computeFramePlan,
      model,
      cameras,
      settings,
      log,
    });
}

function createFleetUplink(box: Box): UplinkComponent {
  const { identity, credentials, outbox, log } = box;
  const session = createMqttSession({
    identity,
    credentials: credentials.current,
    clock: systemClock,
    random01,
    log,
  });
  return createUplink({ identity, outbox, session, birth: () => composeBirth(box), clock: systemClock, log });
}

async function createBundleUpdater(box: Box, uplink: UplinkComponent, activate: Activate): Promise<Updater> {
  const { config, identity, bundles, log } = box;
  const { orders, trust } = await createTrust(box);
  const updater: Updater = createUpdater({
    source: createHttpArtifacts({
      serverUrl: config.server.url,
      authorization: formatDeviceAuthorization(identity),
      fetch: box.fetch,
      ...describeLine(config),
    }),
    trust,
    orders,
    bundles,
    isFit: async (manifest) => computeFitness(manifest, await readCapabilities(box)),
    activate,
    report: (change) => {
      uplink.record('deployment', change);
      reportModel(box, uplink, updater);
      if (change.state === 'success') uplink.publish('birth', composeBirth(box));
    },
    clock: systemClock,
    log: log.child({ component: 'updater' }),
  });
  return updater;
}

/** Whose orders count, and what may be installed: both by the root this box was given. */
async function createTrust(box: Box): Promise<Pick<UpdaterDeps, 'orders' | 'trust'>> {
  const { identity, directorKeys, log } = box;
  const { deviceId } = identity;
  const { rootFile } = box.config.trust;
  if (rootFile === undefined)
    return { orders: createJwsOrderReader({ deviceId, directorKeys }), trust: ROOTLESS_TRUST };
  const trust = await createRootedTrust(box, rootFile);
  const listed = createTufDirectorKeys({ trust, told: directorKeys, log: log.child({ component: 'trust' }) });
  return bindOrders(createJwsOrderReader({ deviceId, directorKeys: listed }), trust);
}

async function createRootedTrust({ config, identity, fetch, log }: Box, rootFile: string): Promise<TufTrust> {
  const { dataDir, server } = config;
  return createTufTrust({
    dataDir,
    bootstrapRoot: await loadBootstrapRoot(rootFile),
    source: createHttpMetadata({
      serverUrl: server.url,
      authorization: formatDeviceAuthorization(identity),
      fetch,
    }),
    marks: createSqliteTrustMarks({
      path: join(dataDir, 'trust.sqlite'),
      log: log.child({ component: 'trust' }),
    }),
    clock: systemClock,
  });
}

/** What a download may take of the line, and what it must give. */
function describeLine({ update }: AgentConfig): Pick<HttpArtifactsOptions, 'maxBytesPerSec' | 'slowest'> {
  const { maxBytesPerSec, minBytesPerSec } = update;
  const slowest = { minBytesPerSec, windowMs: THROUGHPUT_WINDOW_MS };
  return { slowest, ...(maxBytesPerSec !== undefined && { maxBytesPerSec }) };
}

async function readCapabilities({ config, hardware }: Box): Promise<Capabilities> {
  const disk = await statfs(config.dataDir);
  const { arch, memoryBytes } = hardware;
  return { agentVersion: AGENT_VERSION, arch, memoryBytes, diskFreeBytes: disk.bavail * disk.bsize };
}

/** In the order they start; they stop in reverse, so the uplink is the last to fall silent. */
function createParts(box: Box, uplink: UplinkComponent): readonly Component[] {
  const { config, cameras, model, log, identity, credentials } = box;
  const gpu = createNvidiaSmiGpu({
    intervalSec: config.telemetry.intervalSec,
    clock: systemClock,
    random01,
    log,
  });
  return [
    createCertificateRenewal({
      identity,
      credentials,
      serverUrl: config.server.url,
      fetch: box.fetch,
      onDirectorKeys: box.directorKeys.replace,
      clock: systemClock,
      random01,
      log: log.child({ component: 'certificate-renewal' }),
    }),
    uplink,
    gpu,
    createTelemetryReporter({
      source: createProcTelemetry({ dataDir: config.dataDir, gpu }),
      uplink,
      ...config.telemetry,
      clock: systemClock,
      log,
    }),
    createPipeline({
      cameras,
      model,
      uplink,
      createDecider: ({ manifest }) => createDecider(manifest.decision, manifest.output.labels),
      newId: randomUUID,
      clock: systemClock,
      log: log.child({ component: 'pipeline' }),
    }),
    ...cameras.map(asComponent),
    ...(config.pictures.enabled
      ? [
          createHttpPictures({
            sources: cameras,
            serverUrl: config.server.url,
            identity,
            idleSec: config.pictures.idleSec,
            fetch: box.fetch,
            log,
          }),
        ]
      : []),
  ];
}

function asComponent(camera: Camera): Component {
  return { name: `camera ${camera.id}`, start: (signal) => camera.start(signal), stop: () => camera.stop() };
}

/** A box that was switched off classifies with what it ran, whatever the network says. */
async function resumeModel({ bundles, log }: Box, activate: Activate): Promise<void> {
  try {
    const bundle = await bundles.loadActive();
    if (bundle === undefined) log.info({}, 'no model yet');
    else await activate(bundle);
  } catch (error) {
    log.error({ error: describeError(error) }, 'active model cannot run');
  }
}

function reportModel(box: Box, uplink: UplinkComponent, updater: Updater): void {
  const active = describeActive(box.model);
  const deployment = updater.current();
  uplink.publish('reportedModel', {
    tsMs: systemClock.wallMs(),
    ...(active && { active }),
    ...(deployment && { deploymentId: deployment.deploymentId, deploymentState: deployment.state }),
  });
}

function describeActive(model: ActiveModel): ActiveBundle | undefined {
  const current = model.current();
  if (current === undefined) return undefined;
  const { digest, manifest, variant } = current;
  return { model: manifest.model, version: manifest.version, digest, variant };
}

function composeBirth({ config, hardware, model, outbox, startedAtMs }: Box): Birth {
  const activeBundle = describeActive(model);
  return {
    agentVersion: AGENT_VERSION,
    startedAtMs,
    hardware,
    executionProviders: [...(model.current()?.classifier.executionProviders ?? [])],
    cameras: config.cameras.map((camera) => ({
      id: camera.id,
      name: camera.name ?? camera.id,
      kind: kindOf(camera),
    })),
    ...(activeBundle && { activeBundle }),
    epoch: outbox.epoch,
    lastSeq: Object.fromEntries(STREAMS.map((stream) => [stream, outbox.lastSeq(stream)])),
  };
}

function kindOf({ url, device }: CameraConfig): Birth['cameras'][number]['kind'] {
  if (device !== undefined) return 'v4l2';
  if (url === undefined) return 'file';
  return url.startsWith('rtsp') ? 'rtsp' : 'mjpeg';
}
