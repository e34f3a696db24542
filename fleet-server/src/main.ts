import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Component, startAll } from '@watchpost/shared/kernel/component.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { createAccounts } from './accounts/accounts.ts';
import { createApiTokens } from './accounts/api-tokens.ts';
import { ensureAdmin } from './accounts/first-admin.ts';
import { createPeople } from './accounts/people.ts';
import { createAuditLog } from './audit/audit-log.ts';
import type { AuditLog } from './audit/port.ts';
import { openDiskBlobs } from './blobs/disk-blobs.ts';
import type { BlobStore } from './blobs/port.ts';
import { createAedesBroker } from './broker/aedes-broker.ts';
import type { Broker, DeviceAuthenticator } from './broker/port.ts';
import type { CommandDesk } from './commands/port.ts';
import { createDeviceTrust, createFleetEnrolment, type DeviceTrust } from './composition/device-trust.ts';
import { createFleetEvidence } from './composition/evidence.ts';
import { createFleetOrders } from './composition/orders.ts';
import { createFleetRollouts, type FleetRollouts, tellRollouts } from './composition/rollouts.ts';
import { requireSafeListeners } from './config/listeners.ts';
import type { ServerConfig } from './config/schema.ts';
import { createAdmission } from './devices/admission.ts';
import { createDeviceAuthenticator } from './devices/device-authenticator.ts';
import { createFleetView } from './devices/fleet-view.ts';
import { createPictureBoard } from './devices/picture-board.ts';
import type { Enrolment, FleetPresence, FleetProjection, FleetView, PictureBoard } from './devices/port.ts';
import { createRenewal } from './devices/renewal.ts';
import type { EvidenceDesk } from './evidence/evidence-desk.ts';
import { createHttpApp } from './http/app.ts';
import { createHttpServer, type HttpServer } from './http/http-server.ts';
import { createIngest } from './ingest/ingest.ts';
import { createAgentValidator } from './registry/agent-validator.ts';
import { createModels, type Models } from './registry/models.ts';
import { type DirectorKeyRing, loadDirectorKeys } from './rollouts/file-director-key.ts';
import type { Configurator, Director } from './rollouts/port.ts';
import type { Store } from './store/port.ts';
import { openSqliteStore } from './store/sqlite-store.ts';
import type { TargetBook, Targeting } from './targeting/port.ts';
import { createTargetBook } from './targeting/target-book.ts';
import { createTargeting } from './targeting/targeting.ts';
import { openFileOnlineKeys } from './trust/file-online-keys.ts';
import { createOnlineSigner } from './trust/online-signer.ts';
import type { TrustRepository } from './trust/port.ts';
import { createTargetFinder } from './trust/registry-targets.ts';
import { createTrustRepository } from './trust/repository.ts';

/** The agent beside this workspace: it validates models. Its ending is this file's: .ts, or .js when compiled. */
const AGENT_CLI = fileURLToPath(new URL(`../../agent/src/cli${extname(import.meta.url)}`, import.meta.url));
const VALIDATION_LIMIT_MS = 100_000;
const WEB_DIR = fileURLToPath(new URL('../web/dist', import.meta.url));
const MAX_ARTIFACT_BYTES = 1024 ** 3;
const MAX_PICTURE_BYTES = 256 * 1024 * 1024;
const nowMs = (): number => Date.now();

/** The server, running. */
export interface RunningServer {
  readonly httpPort: number;
  readonly mqttPort: number;
  stop(): Promise<void>;
}

/** What is in no setting, so that it is never shown with them. */
export interface ServerSecrets {
  /** Opens the online trust keys; default: the one in its file. */
  readonly masterKey?: string | undefined;
}

/** What every part of the composition below is made from. */
interface Fleet {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly store: Store;
  readonly audit: AuditLog;
  readonly blobs: BlobStore;
  readonly models: Models;
  readonly authenticate: DeviceAuthenticator;
  readonly trust: DeviceTrust;
  readonly broker: Broker;
  readonly view: FleetView & FleetPresence & FleetProjection & Component;
  readonly pictures: PictureBoard;
  readonly evidence: EvidenceDesk;
  readonly enrolment: Enrolment;
  readonly director: Director;
  readonly configurator: Configurator;
  readonly commands: CommandDesk;
  readonly targeting: { readonly targets: Targeting; readonly book: TargetBook };
  readonly rollouts: FleetRollouts;
  readonly directorRing: DirectorKeyRing;
  readonly tuf: TrustRepository;
}

/**
 * Builds the fleet server and starts it: the view is rebuilt before the broker opens, orders are retained again
 * before the web server answers.
 * @throws AppError PLAIN_REFUSED | PORT_IN_USE | STORE_FAILED | FILE_UNREADABLE | CONFIG_INVALID
 */
export async function startServer(
  config: ServerConfig,
  log: Logger,
  signal: AbortSignal,
  secrets: ServerSecrets = {},
): Promise<RunningServer> {
  requireSafeListeners(config);
  const store = await openSqliteStore(join(config.dataDir, 'fleet.sqlite'));
  try {
    await createAdmin(config, store, log);
    const fleet = await createFleet({ config, secrets }, store, log);
    const http = createWebServer(fleet);
    const stopParts = await startAll(listParts(fleet, http), signal);
    return {
      httpPort: http.port,
      mqttPort: fleet.broker.port,
      stop: async () => {
        await stopParts();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function createAdmin(
  { dataDir, adminPasswordFile }: ServerConfig,
  store: Store,
  log: Logger,
): Promise<void> {
  const admin = await ensureAdmin({ store: store.accounts, dataDir, passwordFile: adminPasswordFile, nowMs });
  if (admin.kind === 'made') log.info({ path: admin.path }, 'password of admin made');
}

async function createFleet(
  { config, secrets }: { readonly config: ServerConfig; readonly secrets: ServerSecrets },
  store: Store,
  log: Logger,
): Promise<Fleet> {
  const key = await loadDirectorKeys(join(config.dataDir, 'keys'));
  const trust = await createDeviceTrust({ config, store, log, nowMs, schedule });
  const authenticate = createDeviceAuthenticator(store.devices, trust.certification.isRevoked);
  const view = createFleetView({ store, nowMs, schedule });
  const broker = createAedesBroker({
    host: config.host,
    port: config.mqttPort,
    fleet: config.fleet,
    authenticate,
    ...(trust.tls && { tls: trust.tls }),
    log: log.child({ component: 'broker' }),
  });
  const audit = createAuditLog({ store: store.audit, nowMs });
  const tuf = await createFleetTuf(config, secrets, store);
  const blobs = await openDiskBlobs({
    folder: join(config.dataDir, 'blobs'),
    maxBytes: MAX_ARTIFACT_BYTES,
  });
  const models = createFleetModels({ config, store, blobs, audit, tuf, log });
  const targeting = createFleetTargeting({ store, view, audit });
  const orders = createFleetOrders({
    config,
    store,
    view,
    broker,
    audit,
    tuf,
    ring: key,
    log,
    nowMs,
    schedule,
  });
  return {
    config,
    log,
    store,
    audit,
    blobs,
    models,
    authenticate,
    trust,
    broker,
    view,
    pictures: createPictureBoard({
      maxBytes: MAX_PICTURE_BYTES,
      onChange: (deviceId, camera, atMs) => view.setPicture(deviceId, camera, atMs),
    }),
    evidence: createFleetEvidence({ config, store, view, audit, log, nowMs, schedule }),
    enrolment: createFleetEnrolment({
      ...{ config, store, view, trust, log, nowMs },
      brokerPort: () => broker.port,
      directorKey: key.publicKeysPem,
    }),
    directorRing: key,
    targeting,
    ...orders,
    rollouts: createFleetRollouts({
      ...{ store, view, director: orders.director, audit, nowMs, log },
      targeting: targeting.targets,
      versions: models.versions,
    }),
    tuf,
  };
}

function createFleetTargeting({
  store: { targeting: store, rollouts, bundles, deployments },
  view,
  audit,
}: Pick<Fleet, 'store' | 'view' | 'audit'>): Fleet['targeting'] {
  const targets = createTargeting({ view, store, bundles, deployments });
  return {
    targets,
    book: createTargetBook({ store, rollouts, view, projection: view, targeting: targets, audit }),
  };
}

async function createFleetTuf(
  config: ServerConfig,
  { masterKey }: ServerSecrets,
  store: Store,
): Promise<TrustRepository> {
  const folder = join(config.dataDir, 'keys');
  const keys = await openFileOnlineKeys({
    path: join(folder, 'online.json'),
    masterPath: config.masterKeyFile ?? join(folder, 'master.key'),
    masterKey,
  });
  const findTarget = createTargetFinder(store.bundles);
  return createTrustRepository({ store: store.trust, keys, findTarget, nowMs });
}

function createFleetModels({
  config,
  store,
  blobs,
  audit,
  tuf,
  log,
}: Pick<Fleet, 'config' | 'store' | 'blobs' | 'audit' | 'tuf' | 'log'>): Models {
  const [program = process.execPath, ...args] = config.validatorCommand?.split(/\s+/) ?? [
    process.execPath,
    AGENT_CLI,
  ];
  return createModels({
    store,
    blobs,
    audit,
    trust: tuf,
    validator: createAgentValidator({ blobs, command: [program, ...args], limitMs: VALIDATION_LIMIT_MS }),
    nowMs,
    log: log.child({ component: 'registry' }),
  });
}

function schedule(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}

function createWebServer({ config, store, blobs, models, view, pictures, ...fleet }: Fleet): HttpServer {
  const { audit, authenticate, trust, director, enrolment, tuf, log } = fleet;
  return createHttpServer({
    host: config.host,
    port: config.httpPort,
    createApp: () =>
      createHttpApp({
        access: {
          accounts: createAccounts({ store: store.accounts, apiTokens: store.apiTokens, nowMs }),
          people: createPeople({ store: store.accounts, nowMs }),
          apiTokens: createApiTokens({ users: store.accounts, store: store.apiTokens, nowMs }),
          authenticateDevice: authenticate,
          ...(trust.tls && { identifyConnection: trust.tls.identify }),
        },
        fleet: { view, pictures, reports: store.reports, deployments: store.deployments },
        models: {
          registry: models.registry,
          versions: models.versions,
          blobs,
          director,
          maxBytes: MAX_ARTIFACT_BYTES,
        },
        configurator: fleet.configurator,
        rollouts: fleet.rollouts.desk,
        commands: fleet.commands,
        evidence: fleet.evidence,
        targeting: fleet.targeting,
        tuf,
        directorKeys: fleet.directorRing.publicKeys,
        enrolment,
        renewal: createRenewal({
          devices: store.devices,
          directorKey: fleet.directorRing.publicKeysPem,
          ...trust,
          nowMs,
          log: log.child({ component: 'renewal' }),
        }),
        admission: createAdmission({
          ...{ devices: store.devices, certificates: store.certificates },
          ...{ broker: fleet.broker, projection: view, audit, nowMs, fleet: config.fleet },
        }),
        audit,
        log: log.child({ component: 'http' }),
        ...(trust.tls && { tls: trust.tls }),
        webDir: WEB_DIR,
        nowMs,
      }),
  });
}

/** In the order they start; they stop in reverse, so what was taken in is committed and receipted before the broker closes. */
function listParts(
  { config, store, trust, models, broker, view, director, configurator, ...fleet }: Fleet,
  http: HttpServer,
): readonly Component[] {
  const { commands, evidence, rollouts, tuf, log } = fleet;
  const ingest = createIngest({
    broker,
    reports: store.reports,
    projection: tellRollouts(view, rollouts.engine),
    fleet: config.fleet,
    onCommandReply: (reply) => commands.onReply(reply),
    nowMs,
    log: log.child({ component: 'ingest' }),
  });
  const orders: Component = {
    name: 'orders',
    start: async () => {
      await director.republishAll();
      await configurator.republishAll();
    },
    stop: async () => undefined,
  };
  const signer = createOnlineSigner({ repository: tuf, schedule, log: log.child({ component: 'trust' }) });
  const certificate = trust.tls === undefined ? [] : [trust.tls.certificate];
  return [
    ...certificate,
    view,
    commands,
    evidence,
    broker,
    ingest,
    orders,
    rollouts.engine,
    models.validation,
    signer,
    http,
  ];
}
