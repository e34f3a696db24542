import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { AgentConfig } from '../config/schema.ts';
import { createHttpArtifacts, type HttpArtifactsOptions } from '../download/http-artifacts.ts';
import { createHttpMetadata } from '../download/http-metadata.ts';
import { formatDeviceAuthorization } from '../identity/port.ts';
import { createChildProcessHost } from '../inference/child-process-host.ts';
import { checkGoldenFrames } from '../inference/golden.ts';
import { hasRuntime } from '../inference/local-runtime.ts';
import { createModelOpener } from '../inference/model-opener.ts';
import { readCpuFeatures } from '../inference/proc-cpu-features.ts';
import { createSelfTest } from '../inference/self-test.ts';
import { createShadow } from '../inference/shadow.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { AGENT_VERSION } from '../kernel/version.ts';
import { createModelTrial } from '../model-trial.ts';
import { createJwsOrderReader } from '../trust/jws-order.ts';
import type { DirectorKeys } from '../trust/port.ts';
import { ROOTLESS_TRUST } from '../trust/rootless-trust.ts';
import { createSqliteTrustMarks } from '../trust/sqlite-trust-marks.ts';
import { bindOrders, createTufDirectorKeys } from '../trust/tuf-director-keys.ts';
import { createTufTrust, loadBootstrapRoot, type TufTrust } from '../trust/tuf-trust.ts';
import { type Capabilities, computeFitness } from '../update/fitness.ts';
import type { ModelTrial } from '../update/port.ts';
import { createUpdater, type Updater, type UpdaterDeps } from '../update/updater.ts';
import type { UplinkComponent } from '../uplink/port.ts';
import { type Box, random01 } from './box.ts';
import { composeBirth, reportModel } from './fleet.ts';

const THROUGHPUT_WINDOW_MS = 60_000;

function createTrial({ config, log, cameras, model, vitals }: Box, onChange: () => void): ModelTrial {
  const trialLog = log.child({ component: 'inference' });
  const host = createChildProcessHost({
    log: trialLog,
    random: random01,
    maxMemoryBytes: config.inference.maxMemoryBytes,
    onRestart: vitals.onRestart,
  });
  // What ends in a self-test is told by the self-test.
  const testHost = createChildProcessHost({ log: trialLog, random: random01 });
  return createModelTrial({
    open: createModelOpener({
      host,
      spinning: config.inference.spinning,
      accelerator: config.inference.accelerator,
      graphs: join(config.dataDir, 'graphs'),
      checkGoldenFrames,
      log: trialLog,
    }),
    selfTest: createSelfTest({
      host: testHost,
      checkGoldenFrames,
      readCpuFeatures,
      hasRuntime,
      clock: systemClock,
      log: trialLog,
    }),
    runShadow: createShadow({ model, clock: systemClock }),
    model,
    cameras: () => cameras.list(),
    settings: { inference: config.inference, shadow: config.update.shadow },
    cores: availableParallelism(),
    onChange,
    clock: systemClock,
    log: trialLog,
  });
}

export async function createBundleUpdater(
  box: Box,
  uplink: UplinkComponent,
  { orders, trust, freeRoom }: Required<Pick<UpdaterDeps, 'orders' | 'trust' | 'freeRoom'>>,
): Promise<Updater> {
  const { config, identity, bundles, log } = box;
  /** A model may change without a deployment: one that got damaged is fetched again. */
  const tellModel = (): void => {
    reportModel(box, uplink, updater);
    uplink.publish('birth', composeBirth(box));
  };
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
    isFit: async (manifest) => computeFitness(manifest, await readCapabilities(box, manifest)),
    freeRoom,
    trial: createTrial(box, tellModel),
    readVitals: box.vitals.read,
    isQuiet: box.vitals.isQuiet,
    settings: config.update,
    isCautious: box.guard.verdict === 'cautious',
    report: (change) => {
      uplink.record('deployment', change);
      reportModel(box, uplink, updater);
    },
    clock: systemClock,
    isClockTrusted: box.clockTrust.isTrusted,
    log: log.child({ component: 'updater' }),
  });
  return updater;
}

export interface BoxTrust extends Pick<UpdaterDeps, 'orders' | 'trust'> {
  readonly directorKeys: DirectorKeys;
}

/** Whose orders count, and what may be installed: both by the root this box was given. */
export async function createTrust(box: Box): Promise<BoxTrust> {
  const { identity, directorKeys, log } = box;
  const { deviceId } = identity;
  const { rootFile } = box.config.trust;
  if (rootFile === undefined)
    return { orders: createJwsOrderReader({ deviceId, directorKeys }), trust: ROOTLESS_TRUST, directorKeys };
  const trust = await createRootedTrust(box, rootFile);
  const listed = createTufDirectorKeys({ trust, told: directorKeys, log: log.child({ component: 'trust' }) });
  return {
    ...bindOrders(createJwsOrderReader({ deviceId, directorKeys: listed }), trust),
    directorKeys: listed,
  };
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

async function readCapabilities(
  { config, hardware, bundles, evidence }: Box,
  manifest: Manifest,
): Promise<Capabilities> {
  const disk = await statfs(config.dataDir);
  const { arch, memoryBytes } = hardware;
  const yieldingBytes = (await bundles.readReclaimable(manifest)) + (await countPictures(evidence));
  return {
    ...{ agentVersion: AGENT_VERSION, arch, memoryBytes },
    diskFreeBytes: disk.bavail * disk.bsize + yieldingBytes,
    cpuFeatures: await readCpuFeatures(),
  };
}

/** Bytes of pictures, which give way to a bundle; those that cannot be read do not. */
async function countPictures(evidence: Box['evidence']): Promise<number> {
  try {
    const pictures = (await evidence.list()).flatMap((sighting) => sighting.pictures);
    return pictures.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return 0;
  }
}
