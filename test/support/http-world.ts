import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccounts } from '../../fleet-server/src/accounts/accounts.ts';
import { createApiTokens } from '../../fleet-server/src/accounts/api-tokens.ts';
import { hashPassword } from '../../fleet-server/src/accounts/argon2-password.ts';
import { createPeople } from '../../fleet-server/src/accounts/people.ts';
import { createAuditLog } from '../../fleet-server/src/audit/audit-log.ts';
import type { AuditLog } from '../../fleet-server/src/audit/port.ts';
import type { BlobStore } from '../../fleet-server/src/blobs/port.ts';
import { createCommandDesk } from '../../fleet-server/src/commands/command-desk.ts';
import { createDiskCommandFiles } from '../../fleet-server/src/commands/disk-command-files.ts';
import type { CommandDesk } from '../../fleet-server/src/commands/port.ts';
import type {
  Admission,
  Enrolment,
  FleetProjection,
  FleetView,
  Renewal,
} from '../../fleet-server/src/devices/port.ts';
import { createDiskEvidenceFiles } from '../../fleet-server/src/evidence/disk-evidence-files.ts';
import { createEvidenceDesk } from '../../fleet-server/src/evidence/evidence-desk.ts';
import { createHttpApp } from '../../fleet-server/src/http/app.ts';
import type { HttpApp, HttpDeps } from '../../fleet-server/src/http/route.ts';
import { serverError } from '../../fleet-server/src/kernel/errors.ts';
import { createModels } from '../../fleet-server/src/registry/models.ts';
import { createConfigurator } from '../../fleet-server/src/rollouts/configurator.ts';
import { createCronerWindow } from '../../fleet-server/src/rollouts/croner-window.ts';
import type { Configurator, DeployOptions, Director } from '../../fleet-server/src/rollouts/port.ts';
import { createRollouts } from '../../fleet-server/src/rollouts/rollouts.ts';
import type { EventRow, Store } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { createTargetBook } from '../../fleet-server/src/targeting/target-book.ts';
import { createTargeting } from '../../fleet-server/src/targeting/targeting.ts';
import { createTargetFinder } from '../../fleet-server/src/trust/registry-targets.ts';
import { createTrustRepository } from '../../fleet-server/src/trust/repository.ts';
import type { Role } from '../../shared/src/api/people.ts';
import { silentLogger } from '../../shared/src/kernel/log.ts';
import type { Telemetry } from '../../shared/src/messages/telemetry.ts';
import { createFakeFleet, createMemoryPictures, type FakeFleet } from './fake-fleet.ts';
import { deviceRecord } from './fleet-data.ts';
import type { FleetctlAccess } from './fleetctl.ts';
import { makeDevice } from './http-data.ts';
import { createMemoryBlobs } from './memory-blobs.ts';
import { createMemoryOnlineKeys } from './tuf-ceremony.ts';

export const PASSWORD = 'correct horse';
/** Costly by design, so made once. */
const PASSWORD_HASH = hashPassword(PASSWORD);
export const DEVICE = 'box-1';
export const DEVICE_AUTHORIZATION = `Basic ${Buffer.from(`${DEVICE}:device-secret`).toString('base64')}`;
/** The director's, SPKI in PEM. */
export const DIRECTOR_KEY = generateKeyPairSync('ed25519')
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
export const MAX_ARTIFACT_BYTES = 64 * 1024;

export interface HttpWorld {
  readonly app: HttpApp;
  readonly fleet: FakeFleet;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly audit: AuditLog;
  readonly folder: string;
  readonly clock: { nowMs: number };
  readonly events: EventRow[];
  readonly commands: CommandDesk;
  /** How each order was to be made. */
  readonly orders: readonly DeployOptions[];
  readonly storedTelemetry: Telemetry[];
  /** The value of the Cookie header of a fresh session. */
  login(user?: string): Promise<string>;
  /** Adds a user; the password is that of `admin`. */
  addUser(name: string, roles: readonly Role[]): Promise<void>;
  /** Listens on a free port. */
  listen(): Promise<FleetctlAccess>;
  close(): Promise<void>;
}

/** The API over fakes: an accepted device `box-1` with a camera `gate`, and the user `admin`. */
export async function createHttpWorld(change: Partial<HttpDeps> = {}): Promise<HttpWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-http-'));
  const clock = { nowMs: 1_000_000 };
  const nowMs = () => clock.nowMs;
  const fleet = createFakeFleet(makeDevice(DEVICE));
  const blobs = createMemoryBlobs({ maxBytes: MAX_ARTIFACT_BYTES });
  const store = await openSqliteStore(join(folder, 'fleet.sqlite'));
  const addUser = async (name: string, roles: readonly Role[]): Promise<void> =>
    store.accounts.addUser({
      name,
      roles,
      passwordHash: await PASSWORD_HASH,
      isDisabled: false,
      createdAtMs: 0,
    });
  await addUser('admin', ['admin']);
  const audit = createAuditLog({ store: store.audit, nowMs });
  const events: EventRow[] = [];
  const orders: DeployOptions[] = [];
  const storedTelemetry: Telemetry[] = [];
  const validator = async () => ({ passed: true, agentVersion: '0.1.0', checks: [], variants: [] });
  const tuf = createTrustRepository({
    store: store.trust,
    keys: createMemoryOnlineKeys({ snapshot: [], timestamp: [] }),
    findTarget: createTargetFinder(store.bundles),
    nowMs,
  });
  const models = createModels({ store, blobs, audit, trust: tuf, validator, nowMs, log: silentLogger });
  const targeting = createWorldTargeting(store, fleet, audit);
  const commands = createQuietCommands({ store, folder, audit, nowMs });
  const deps: HttpDeps = {
    commands,
    evidence: createEvidenceDesk({
      store: store.evidence,
      files: createDiskEvidenceFiles(join(folder, 'evidence')),
      tell: (data) => fleet.send({ kind: 'evidence', data }),
      maxBytes: MAX_ARTIFACT_BYTES,
      maxAgeMs: 86_400_000,
      ...{ audit, nowMs },
      schedule: () => () => undefined,
      log: silentLogger,
    }),
    access: {
      accounts: createAccounts({ store: store.accounts, apiTokens: store.apiTokens, nowMs }),
      people: createPeople({ store: store.accounts, nowMs }),
      apiTokens: createApiTokens({ users: store.accounts, store: store.apiTokens, nowMs }),
      authenticateDevice: async (id, secret) => id === DEVICE && secret === 'device-secret',
    },
    fleet: {
      view: fleet,
      pictures: createMemoryPictures(),
      reports: {
        events: async ({ deviceId, camera, before = Number.POSITIVE_INFINITY, limit }) =>
          events
            .filter((row) => row.deviceId === (deviceId ?? row.deviceId))
            .filter((row) => row.camera === (camera ?? row.camera) && row.rowId < before)
            .sort((one, other) => other.rowId - one.rowId)
            .slice(0, limit),
        telemetry: async () => storedTelemetry,
      },
      deployments: store.deployments,
    },
    models: {
      registry: models.registry,
      versions: models.versions,
      blobs,
      director: createFakeDirector(orders),
      maxBytes: MAX_ARTIFACT_BYTES,
    },
    configurator: createFakeConfigurator(store, fleet, nowMs),
    targeting,
    rollouts: createRollouts({
      ...{ store: store.rollouts, bundles: store.bundles, targeting: targeting.targets, audit, nowMs },
      engine: { wake: () => undefined, look: async () => undefined },
      windows: createCronerWindow(),
      newId: randomUUID,
    }),
    tuf,
    directorKeys: [DIRECTOR_KEY],
    enrolment: fakeEnrolment,
    admission: fakeAdmission,
    renewal: fakeRenewal,
    audit,
    log: silentLogger,
    webDir: join(folder, 'web'),
    nowMs,
    ...change,
  };
  const app = await createHttpApp(deps);
  return {
    app,
    fleet,
    store,
    blobs,
    audit,
    folder,
    clock,
    events,
    orders,
    storedTelemetry,
    commands,
    addUser,
    login: async (user = 'admin') => {
      const reply = await app.inject({
        method: 'POST',
        url: '/api/v1/session',
        payload: { user, password: PASSWORD },
      });
      const [cookie] = reply.cookies;
      return `${cookie?.name}=${cookie?.value}`;
    },
    listen: async () => {
      const passwordFile = join(folder, 'password');
      await writeFile(passwordFile, `${PASSWORD}\n`);
      const url = await app.listen({ host: '127.0.0.1', port: 0 });
      return { WATCHPOST_SERVER: url, WATCHPOST_PASSWORD_FILE: passwordFile };
    },
    close: async () => {
      await app.close();
      await models.validation.stop();
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

const createFakeDirector = (orders: DeployOptions[]): Pick<Director, 'deploy'> => ({
  deploy: async (deviceId, bundleDigest, options = {}) => {
    if (deviceId !== DEVICE) throw serverError('NOT_FOUND', `there is no device "${deviceId}"`);
    orders.push(options);
    const what = { deviceId, bundleDigest, model: 'pets', version: '1.0.0', order: 'a signed order' };
    return { id: 'deployment-1', ...what, state: 'pending', createdAtMs: 5, updatedAtMs: 5 };
  },
});

/** The real ones: what is said of a device shows on the fake fleet at once. */
function createWorldTargeting(store: Store, fleet: FakeFleet, audit: AuditLog): HttpDeps['targeting'] {
  const targets = createTargeting({
    view: fleet,
    store: store.targeting,
    bundles: store.bundles,
    deployments: store.deployments,
  });
  const projection: Pick<FleetProjection, 'setMetadata'> = {
    setMetadata: (id, metadata) => {
      const device = fleet.device(id);
      if (device !== undefined) fleet.set({ ...device, metadata });
    },
  };
  const book = createTargetBook({
    store: store.targeting,
    rollouts: store.rollouts,
    view: fleet,
    projection,
    targeting: targets,
    audit,
  });
  return { targets, book };
}

/** The real one, on a device that is in no table. */
const createFakeConfigurator = (store: Store, view: FleetView, nowMs: () => number): Configurator =>
  createConfigurator({
    sign: async () => 'a signed document',
    store: {
      deviceConfigs: store.deviceConfigs,
      devices: {
        ...store.devices,
        find: async (id) => (id === DEVICE ? deviceRecord(id) : undefined),
      },
    },
    broker: { publish: async () => undefined },
    projection: { setConfig: () => undefined },
    view,
    nowMs,
    log: silentLogger,
  });

/** The real ones, on a device that is in no table and never connected. */
function createQuietCommands({
  store,
  folder,
  audit,
  nowMs,
}: Pick<HttpWorld, 'store' | 'folder' | 'audit'> & { readonly nowMs: () => number }): CommandDesk {
  let ids = 0;
  return createCommandDesk({
    sign: async () => 'a signed command',
    store: {
      ...store,
      devices: { ...store.devices, find: async (id) => (id === DEVICE ? deviceRecord(id) : undefined) },
    },
    files: createDiskCommandFiles({ folder: join(folder, 'command-files'), maxBytes: MAX_ARTIFACT_BYTES }),
    broker: { publish: async () => undefined, onPresence: () => undefined, onListening: () => undefined },
    ...{ audit, nowMs },
    newId: () => `command-${++ids}`,
    schedule: () => () => undefined,
    log: silentLogger,
  });
}

const fakeRenewal: Renewal = {
  makeNonce: () => ({ nonce: 'a nonce', expiresAtMs: 5 }),
  renew: async () => CERTIFIED,
};
const fakeAdmission: Admission = {
  accept: async () => undefined,
  reject: async () => undefined,
  preauthorize: async () => undefined,
  revoke: async () => undefined,
  decommission: async () => undefined,
};

const CERTIFIED = { certificate: 'PEM', caCertificate: 'PEM' };
const fakeEnrolment: Enrolment = {
  createToken: async (ttlMinutes) => ({ token: 'a-token-of-the-fake', expiresAtMs: ttlMinutes * 60_000 }),
  enrol: async ({ token, deviceId }) => {
    if (token !== 'a-token-of-the-fake') throw serverError('TOKEN_INVALID', 'the token is unknown');
    return { deviceId, fleet: 'park', brokerUrl: 'mqtt://127.0.0.1:1883', directorKey: 'PEM', ...CERTIFIED };
  },
};
