import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { DeploymentBody } from '@watchpost/shared/messages/deployment.ts';
import { formatTarget } from '@watchpost/shared/trust/order.ts';
import type { ArtifactSource } from '../../agent/src/download/port.ts';
import { createJwsOrderReader } from '../../agent/src/trust/jws-order.ts';
import { createSqliteTrustMarks } from '../../agent/src/trust/sqlite-trust-marks.ts';
import { createTufTrust } from '../../agent/src/trust/tuf-trust.ts';
import { openFileBundleStore } from '../../agent/src/update/file-bundle-store.ts';
import { computeFitness } from '../../agent/src/update/fitness.ts';
import type { BundleStore, InstalledBundle } from '../../agent/src/update/port.ts';
import { createUpdater, type Updater, type UpdaterDeps } from '../../agent/src/update/updater.ts';
import { createFakeTrial, type FakeTrial } from './fake-trial.ts';
import { createFakeVitals, type FakeVitals } from './fake-vitals.ts';
import { createLife, type Life } from './mortal.ts';
import { makeKeyPair, type TestBundle } from './test-bundle.ts';
import { type Ceremony, holdCeremony } from './tuf-ceremony.ts';
import { createMirror } from './tuf-world.ts';

export const DIRECTOR = makeKeyPair();

/**
 * The box `gate-3`: a real updater over real files, whose model is only a digest. It trusts a TUF repository of its own;
 * what it watches goes by in no time.
 */
export interface UpdatedBox {
  /** The repository, and the people who sign for it. */
  readonly ceremony: Ceremony;
  /** Has the people of the repository sign the bundle. */
  release(bundle: TestBundle): Promise<void>;
  readonly updater: Updater;
  readonly bundles: BundleStore;
  /** What the models do in their trials. */
  readonly trial: FakeTrial;
  /** How the box fares. */
  readonly vitals: FakeVitals;
  /** What happens from now on when an update finds no room on the disk. */
  onFreeRoom(free: (bytes: number) => void): void;
  /** Whether cameras see something from now on. */
  sees(something: boolean): void;
  /** Digest of the model that classifies. */
  running(): string | undefined;
  /** Replaces what happens at each switch from now on; a rejection leaves what runs. */
  onActivate(activate: (bundle: InstalledBundle) => Promise<void>): void;
  changesOf(deploymentId: string): readonly DeploymentBody[];
  /** Without those that only bring findings. */
  statesOf(deploymentId: string): readonly string[];
  /** What was found, in order; each once, however often it was told. */
  findingsOf(deploymentId: string): readonly string[];
  /** What `updater.current()` said when each change was reported. */
  recordsAtReport(deploymentId: string): readonly (string | undefined)[];
  /** Resolves when the state was reported. */
  reached(deploymentId: string, state: string): Promise<void>;
  /** Resolves when a change with this reason was reported. */
  told(deploymentId: string, reason: string): Promise<void>;
  /** The agent that runs now, as far as it can be killed. */
  readonly life: Life;
  stop(): Promise<void>;
  restart(options?: BootOptions): Promise<void>;
  /** A new agent over the same files, while the old one never returns. */
  crash(options?: BootOptions): Promise<void>;
}

export interface BootOptions {
  readonly isCautious?: boolean;
}

export interface UpdatedBoxOptions {
  readonly dataDir: string;
  readonly source: ArtifactSource;
  readonly settings?: Partial<UpdaterDeps['settings']['probation']>;
  readonly shadow?: Partial<UpdaterDeps['settings']['shadow']>;
  readonly maxBytes?: number;
  /** Of the disk the models lie on. */
  readonly diskBytes?: number;
  readonly limitMs?: UpdaterDeps['limitMs'];
}

interface Waiter {
  readonly isMet: (change: DeploymentBody) => boolean;
  readonly resolve: () => void;
}

const PROBATION = {
  minutes: 1,
  maxErrors01: 0.02,
  maxLatencyRatio: 3,
  minPaceRatio: 0.8,
  maxCelsius: 90,
  maxEventRatio: 5,
  maxChildRestarts: 2,
  maxAgentRestarts: 3,
};
const SHADOW = { frames: 20, minutes: 1, share01: 0.25, minAgreement01: 0 };

async function freeBytes({ dataDir, diskBytes = 1e9 }: UpdatedBoxOptions): Promise<number> {
  const objects = join(dataDir, 'objects');
  const sizes = (await readdir(objects)).map(async (name) => (await stat(join(objects, name))).size);
  return (await Promise.all(sizes)).reduce((left, size) => left - size, diskBytes);
}

export async function createUpdatedBox(options: UpdatedBoxOptions): Promise<UpdatedBox> {
  const ceremony = await holdCeremony();
  const bootstrapRoot = Buffer.from(await ceremony.rootFile());
  const { source: metadata } = createMirror(ceremony);
  const changes: DeploymentBody[] = [];
  const records: { readonly deploymentId: string; readonly state: string | undefined }[] = [];
  const trial = createFakeTrial();
  const vitals = createFakeVitals(trial.running);
  let waiters: readonly Waiter[] = [];
  let isBusy = false;
  let free: (bytes: number) => void = () => undefined;

  const report = (change: DeploymentBody): void => {
    changes.push(change);
    records.push({ deploymentId: change.deploymentId, state: agent?.updater.current()?.state });
    for (const waiter of waiters.filter(({ isMet }) => isMet(change))) waiter.resolve();
    waiters = waiters.filter(({ isMet }) => !isMet(change));
  };
  const when = async (isMet: Waiter['isMet']): Promise<void> => {
    if (changes.some(isMet)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    waiters = [...waiters, { isMet, resolve }];
    await promise;
  };
  const boot = async ({ isCautious = false }: BootOptions = {}) => {
    const life = createLife();
    const bundles = await openFileBundleStore({
      dataDir: options.dataDir,
      log: silentLogger,
      reserveBytes: 0,
      ...(options.maxBytes !== undefined && { maxBytes: options.maxBytes }),
    });
    trial.reboot();
    const watching = vitals.reboot();
    const updater = createUpdater({
      source: life.bind(options.source),
      bundles: life.bind(bundles),
      trust: createTufTrust({
        dataDir: options.dataDir,
        bootstrapRoot,
        source: metadata,
        marks: createSqliteTrustMarks({ path: join(options.dataDir, 'trust.sqlite'), log: silentLogger }),
        clock: { wallMs: () => Date.now() },
      }),
      orders: createJwsOrderReader({
        deviceId: 'gate-3',
        directorKeys: { list: async () => [DIRECTOR.publicKey] },
      }),
      isFit: async (manifest) =>
        computeFitness(manifest, {
          agentVersion: '0.1.0',
          arch: 'x64',
          memoryBytes: 1e9,
          diskFreeBytes: (await freeBytes(options)) + (await bundles.readReclaimable(manifest)),
          cpuFeatures: undefined,
        }),
      trial: life.bind(trial),
      readVitals: watching.read,
      isQuiet: () => !isBusy,
      freeRoom: async (bytes) => free(bytes),
      settings: {
        shadow: { ...SHADOW, ...options.shadow },
        probation: { ...PROBATION, ...options.settings },
      },
      isCautious,
      report: life.bind({ report }).report,
      clock: { wallMs: () => Date.now(), monotonicMs: vitals.nowMs },
      wait: life.bind(watching).wait,
      log: silentLogger,
      backoff: { baseMs: 1, maxMs: 10 },
      ...(options.limitMs && { limitMs: options.limitMs }),
    });
    agent = { bundles, updater, life };
    await life.orDeath(updater.resume().then(() => updater.start(new AbortController().signal)));
  };

  let agent: { readonly bundles: BundleStore; readonly updater: Updater; readonly life: Life } | undefined;
  await boot();
  const now = () => {
    if (agent === undefined) throw new Error('the box is off');
    return agent;
  };
  let last = now();
  const stop = async (): Promise<void> => {
    if (agent === undefined) return;
    last = agent;
    if (!agent.life.isDead()) await agent.life.orDeath(agent.updater.stop());
    agent = undefined;
  };
  const ofOne = (id: string) => changes.filter(({ deploymentId }) => deploymentId === id);
  return {
    ceremony,
    release: ({ manifest, manifestBytes, digest }) =>
      ceremony.release({
        target: formatTarget(manifest.model, manifest.version),
        sha256: digest,
        lengthBytes: manifestBytes.length,
        releaseCounter: manifest.releaseCounter,
      }),
    get updater() {
      return (agent ?? last).updater;
    },
    get bundles() {
      return (agent ?? last).bundles;
    },
    get life() {
      return now().life;
    },
    trial,
    vitals,
    onFreeRoom: (next) => {
      free = next;
    },
    sees: (something) => {
      isBusy = something;
    },
    running: trial.running,
    onActivate: (next) => trial.script({ switchTo: next }),
    changesOf: ofOne,
    statesOf: (id) =>
      ofOne(id)
        .filter(({ state, findings }) => findings === undefined || state !== 'testing')
        .map(({ state }) => state),
    findingsOf: (id) => [...new Set(ofOne(id).flatMap(({ findings }) => (findings ? [findings.kind] : [])))],
    recordsAtReport: (id) =>
      records.filter(({ deploymentId }) => deploymentId === id).map(({ state }) => state),
    reached: (id, state) => when((change) => change.deploymentId === id && change.state === state),
    told: (id, reason) => when((change) => change.deploymentId === id && change.reason === reason),
    stop,
    restart: async (bootOptions) => {
      await stop();
      await boot(bootOptions);
    },
    crash: async (bootOptions) => {
      agent?.life.die();
      await boot(bootOptions);
    },
  };
}
