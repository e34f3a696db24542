import { setTimeout as delay } from 'node:timers';
import { startAll } from '@watchpost/shared/kernel/component.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createAedesBroker } from '../../fleet-server/src/broker/aedes-broker.ts';
import type { Broker } from '../../fleet-server/src/broker/port.ts';
import { createDeviceAuthenticator } from '../../fleet-server/src/devices/device-authenticator.ts';
import { createFleetView } from '../../fleet-server/src/devices/fleet-view.ts';
import type { FleetProjection, FleetView } from '../../fleet-server/src/devices/port.ts';
import { createIngest, type IngestDeps } from '../../fleet-server/src/ingest/ingest.ts';
import type { Ingest } from '../../fleet-server/src/ingest/port.ts';
import type { Store } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { deviceRecord } from './fleet-data.ts';
import { FLEET } from './mqtt-device.ts';

/** The path of a report, whole: broker, ingest, store, fleet view. */
export interface ReportServer {
  readonly store: Store;
  readonly broker: Broker;
  readonly ingest: Ingest;
  readonly fleet: FleetView & FleetProjection;
  stop(): Promise<void>;
}

export interface ReportServerOptions {
  readonly path: string;
  readonly port?: number;
  /** Enrolled with the secret "secret" when they are not yet. */
  readonly devices: readonly string[];
  readonly reports?: (store: Store) => IngestDeps['reports'];
  readonly maxQueue?: IngestDeps['maxQueue'];
  readonly onCommandReply?: NonNullable<IngestDeps['onCommandReply']>;
  readonly log?: Logger;
}

export async function openReportServer(options: ReportServerOptions): Promise<ReportServer> {
  const { path, port = 0, log = silentLogger } = options;
  const store = await openSqliteStore(path);
  for (const id of options.devices) await enrol(store, id);
  const fleet = createFleetView({
    store,
    nowMs: Date.now,
    schedule: (delayMs, run) => {
      const timer = delay(run, delayMs);
      return () => clearTimeout(timer);
    },
  });
  const authenticate = createDeviceAuthenticator(store.devices, async () => false);
  const broker = createAedesBroker({ host: '127.0.0.1', port, fleet: FLEET, authenticate, log });
  const ingest = createIngest({
    broker,
    reports: options.reports?.(store) ?? store.reports,
    projection: fleet,
    fleet: FLEET,
    nowMs: Date.now,
    log,
    ...(options.maxQueue === undefined ? {} : { maxQueue: options.maxQueue }),
    ...(options.onCommandReply && { onCommandReply: options.onCommandReply }),
  });
  const stopAll = await startAll([fleet, broker, ingest], new AbortController().signal);
  const stop = async (): Promise<void> => {
    await stopAll();
    await store.close();
  };
  return { store, broker, ingest, fleet, stop };
}

async function enrol(store: Store, id: string): Promise<void> {
  if ((await store.devices.find(id)) !== undefined) return;
  const tokenSha256 = sha256Hex(`token of ${id}`);
  await store.devices.addToken({ tokenSha256, createdAtMs: 1, expiresAtMs: 2 });
  await store.devices.enrol(deviceRecord(id), tokenSha256);
}
