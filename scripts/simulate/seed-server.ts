import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadDirectorKeys } from '@watchpost/fleet-server/rollouts/file-director-key.ts';
import type { DeviceRecord, Store } from '@watchpost/fleet-server/store/port.ts';
import { openSqliteStore } from '@watchpost/fleet-server/store/sqlite-store.ts';
import { draftFirst } from '@watchpost/fleet-server/trust/drafts.ts';
import { openFileOnlineKeys } from '@watchpost/fleet-server/trust/file-online-keys.ts';
import type { OnlineKeys, TrustRepository } from '@watchpost/fleet-server/trust/port.ts';
import { createTargetFinder } from '@watchpost/fleet-server/trust/registry-targets.ts';
import { createTrustRepository } from '@watchpost/fleet-server/trust/repository.ts';
import { signTuf, toTufKey } from '@watchpost/fleet-server/trust/tuf-signing.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { ActiveBundle } from '@watchpost/shared/messages/birth.ts';
import { OFFLINE_ROLES, type OfflineRole } from '@watchpost/shared/trust/tuf-metadata.ts';
import { type Population, planBox, planMetadata, planSites, secretOf } from './population.ts';
import { makeSampleBundle } from './sample-bundle.ts';
import { listVersions } from './scenario.ts';
import { addDevices, type SeededDevice } from './sqlite-devices.ts';

/** What the simulation must know of the server it filled. */
export interface SeededServer {
  readonly directorKeysPem: string;
  readonly bundles: Population['bundles'];
}

type Plan = Omit<Population, 'bundles'>;

/**
 * Fills the data of a server that never ran: the ceremony of TUF with one key a role, the bundles, released, and the
 * devices, accepted. Through its store and not its API: enrolling ten thousand boxes one by one takes longer than
 * everything that is measured.
 */
export async function seedServer(dataDir: string, plan: Plan, devices: number): Promise<SeededServer> {
  const keysFolder = join(dataDir, 'keys');
  await mkdir(keysFolder, { recursive: true, mode: 0o700 });
  const ring = await loadDirectorKeys(keysFolder);
  const database = join(dataDir, 'fleet.sqlite');
  const store = await openSqliteStore(database);
  try {
    const bundles = await addBundles(store, listVersions(plan.scenario));
    await signBundles(store, keysFolder, Object.values(bundles));
    for (const site of planSites(plan)) await store.targeting.saveSite(site);
    addDevices(database, planDevices({ ...plan, bundles }, devices));
    return { directorKeysPem: ring.publicKeysPem, bundles };
  } finally {
    await store.close();
  }
}

async function addBundles(store: Store, versions: readonly string[]): Promise<Population['bundles']> {
  const bundles: Record<string, ActiveBundle> = {};
  for (const [at, version] of versions.entries()) {
    const { digest, manifest } = makeSampleBundle(version, at + 1);
    const nowMs = Date.now();
    await store.bundles.add({ digest, manifest, state: 'released', createdAtMs: nowMs, releasedAtMs: nowMs });
    bundles[version] = { model: manifest.model, version, digest, variant: 'fp32' };
  }
  return bundles;
}

async function signBundles(
  store: Store,
  keysFolder: string,
  bundles: readonly ActiveBundle[],
): Promise<void> {
  const keys = await openFileOnlineKeys({
    path: join(keysFolder, 'online.json'),
    masterPath: join(keysFolder, 'master.key'),
  });
  const findTarget = createTargetFinder(store.bundles);
  const repository = createTrustRepository({ store: store.trust, keys, findTarget, nowMs: Date.now });
  const signers = makeSigners();
  await repository.stage(await draftDocuments(signers, keys));
  for (const role of OFFLINE_ROLES) await signStaged(repository, role, signers[role]);
  for (const { digest } of bundles) {
    await repository.changeTarget({ kind: 'add', digest });
    await signStaged(repository, 'models', signers.models);
  }
}

type Signers = Readonly<Record<OfflineRole, KeyObject>>;

function makeSigners(): Signers {
  const make = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
  return { root: make(), targets: make(), models: make(), agent: make() };
}

async function draftDocuments(signers: Signers, online: OnlineKeys) {
  const one = (key: KeyObject) => ({ keys: [toTufKey(key)], threshold: 1 });
  const own = async (role: 'snapshot' | 'timestamp') => ({
    keys: [(await online.newest(role)).key],
    threshold: 1,
  });
  const { root, targets, models, agent } = signers;
  const first = draftFirst(
    {
      ...{ root: one(root), targets: one(targets), models: one(models), agent: one(agent) },
      ...{ snapshot: await own('snapshot'), timestamp: await own('timestamp') },
    },
    Date.now(),
  );
  return OFFLINE_ROLES.map((role) => ({ role, metadata: { signed: first[role], signatures: [] } }));
}

async function signStaged(repository: TrustRepository, role: OfflineRole, key: KeyObject): Promise<void> {
  const { staged } = await repository.view();
  const document = staged.find((each) => each.role === role);
  if (document === undefined) return;
  const signature = signTuf(document.metadata.signed, key);
  await repository.addSignature({ role, version: document.version, signature });
}

function* planDevices(population: Population, devices: number): Generator<SeededDevice> {
  for (let index = 0; index < devices; index += 1)
    yield { record: toRecord(population, index), metadata: planMetadata(population, index) };
}

function toRecord(population: Population, index: number): DeviceRecord {
  const { id, fleet, hardware } = planBox(population, index);
  const secretSha256 = sha256Hex(secretOf(id, population.seed));
  const fingerprint = sha256Hex(`simulated key ${id}`);
  return {
    ...{ id, fleet, hardware, secretSha256, fingerprint },
    state: 'accepted',
    publicKey: '',
    enrolledAtMs: Date.now(),
  };
}
