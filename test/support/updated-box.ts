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
import { createUpdater, type Updater } from '../../agent/src/update/updater.ts';
import { makeKeyPair, type TestBundle } from './test-bundle.ts';
import { type Ceremony, holdCeremony } from './tuf-ceremony.ts';
import { createMirror } from './tuf-world.ts';

export const DIRECTOR = makeKeyPair();

/** The box `gate-3`: a real updater over real files, whose model is only a digest. It trusts a TUF repository of its own. */
export interface UpdatedBox {
  /** The repository, and the people who sign for it. */
  readonly ceremony: Ceremony;
  /** Has the people of the repository sign the bundle. */
  release(bundle: TestBundle): Promise<void>;
  readonly updater: Updater;
  readonly bundles: BundleStore;
  /** Digest of the model that classifies. */
  running(): string | undefined;
  /** Replaces what happens at each activation from now on; a rejection leaves what runs. */
  onActivate(activate: (bundle: InstalledBundle) => Promise<void>): void;
  changesOf(deploymentId: string): readonly DeploymentBody[];
  statesOf(deploymentId: string): readonly string[];
  /** What `updater.current()` said when each change was reported. */
  recordsAtReport(deploymentId: string): readonly (string | undefined)[];
  /** Resolves when the state was reported. */
  reached(deploymentId: string, state: string): Promise<void>;
  /** Resolves when a change with this reason was reported. */
  told(deploymentId: string, reason: string): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** A new agent over the same files, while the old one never returns. */
  crash(): Promise<void>;
}

interface Waiter {
  readonly isMet: (change: DeploymentBody) => boolean;
  readonly resolve: () => void;
}

export async function createUpdatedBox(options: {
  readonly dataDir: string;
  readonly source: ArtifactSource;
}): Promise<UpdatedBox> {
  const ceremony = await holdCeremony();
  const bootstrapRoot = Buffer.from(await ceremony.rootFile());
  const { source: metadata } = createMirror(ceremony);
  const changes: DeploymentBody[] = [];
  const records: { readonly deploymentId: string; readonly state: string | undefined }[] = [];
  let waiters: readonly Waiter[] = [];
  let running: string | undefined;
  let activate: (bundle: InstalledBundle) => Promise<void> = async () => undefined;

  const report = (change: DeploymentBody): void => {
    changes.push(change);
    records.push({ deploymentId: change.deploymentId, state: updater.current()?.state });
    for (const waiter of waiters.filter(({ isMet }) => isMet(change))) waiter.resolve();
    waiters = waiters.filter(({ isMet }) => !isMet(change));
  };
  const when = async (isMet: Waiter['isMet']): Promise<void> => {
    if (changes.some(isMet)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    waiters = [...waiters, { isMet, resolve }];
    await promise;
  };
  const boot = async () => {
    const bundles = await openFileBundleStore({
      dataDir: options.dataDir,
      log: silentLogger,
      reserveBytes: 0,
    });
    const updater = createUpdater({
      source: options.source,
      bundles,
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
      isFit: (manifest) =>
        computeFitness(manifest, {
          agentVersion: '0.1.0',
          arch: 'x64',
          memoryBytes: 1e9,
          diskFreeBytes: 1e9,
        }),
      activate: async (bundle) => {
        await activate(bundle);
        running = bundle.digest;
      },
      report,
      clock: { wallMs: () => Date.now() },
      log: silentLogger,
      backoff: { baseMs: 1, maxMs: 10 },
    });
    await updater.start(new AbortController().signal);
    return { bundles, updater };
  };

  let agent: Awaited<ReturnType<typeof boot>> | undefined = await boot();
  let { bundles, updater } = agent;
  const start = async (): Promise<void> => {
    agent = await boot();
    ({ bundles, updater } = agent);
  };
  const stop = async (): Promise<void> => {
    await agent?.updater.stop();
    agent = undefined;
  };
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
      return updater;
    },
    get bundles() {
      return bundles;
    },
    running: () => running,
    onActivate: (next) => {
      activate = next;
    },
    changesOf: (id) => changes.filter(({ deploymentId }) => deploymentId === id),
    statesOf: (id) => changes.filter(({ deploymentId }) => deploymentId === id).map(({ state }) => state),
    recordsAtReport: (id) =>
      records.filter(({ deploymentId }) => deploymentId === id).map(({ state }) => state),
    reached: (id, state) => when((change) => change.deploymentId === id && change.state === state),
    told: (id, reason) => when((change) => change.deploymentId === id && change.reason === reason),
    stop,
    restart: async () => {
      await stop();
      await start();
    },
    crash: start,
  };
}
