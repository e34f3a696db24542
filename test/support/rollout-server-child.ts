import { randomUUID } from 'node:crypto';
import { setTimeout as later } from 'node:timers';
import { startAll } from '@watchpost/shared/kernel/component.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createAedesBroker } from '../../fleet-server/src/broker/aedes-broker.ts';
import { tellRollouts } from '../../fleet-server/src/composition/rollouts.ts';
import { createDeviceAuthenticator } from '../../fleet-server/src/devices/device-authenticator.ts';
import { createFleetView } from '../../fleet-server/src/devices/fleet-view.ts';
import { createIngest } from '../../fleet-server/src/ingest/ingest.ts';
import { createCronerWindow } from '../../fleet-server/src/rollouts/croner-window.ts';
import { createDirector } from '../../fleet-server/src/rollouts/director.ts';
import { createRolloutEngine } from '../../fleet-server/src/rollouts/rollout-engine.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { createTargeting } from '../../fleet-server/src/targeting/targeting.ts';
import { FLEET } from './mqtt-device.ts';
import { trustOf } from './test-order.ts';

/** A server that leads rollouts, in a process of its own, to be killed: `node rollout-server-child.ts <database> <port>` */
const [path = '', port = '0'] = process.argv.slice(2);
const store = await openSqliteStore(path);
const nowMs = Date.now;
const log = silentLogger;
const view = createFleetView({
  store,
  nowMs,
  schedule: (delayMs, run) => {
    const timer = later(run, delayMs);
    return () => clearTimeout(timer);
  },
});
const authenticate = createDeviceAuthenticator(store.devices, async () => false);
const broker = createAedesBroker({ host: '127.0.0.1', port: Number(port), fleet: FLEET, authenticate, log });
const director = createDirector({
  sign: async (order) => `.${Buffer.from(JSON.stringify(order)).toString('base64url')}.`,
  ...{ store, broker, nowMs },
  projection: view,
  trust: trustOf(await store.bundles.list()),
  newId: randomUUID,
});
const { bundles, deployments } = store;
const engine = createRolloutEngine({
  ...{ store, director, nowMs, log },
  presence: view,
  projection: view,
  targeting: createTargeting({ view, store: store.targeting, bundles, deployments }),
  gates: { judge: async () => [] },
  windows: createCronerWindow(),
  ranBefore: async () => undefined,
  monotonicMs: () => performance.now(),
  owner: randomUUID(),
  debounceMs: 1,
  graceMs: 60_000,
  leaseLifeMs: 300,
});
const ingest = createIngest({
  ...{ broker, nowMs, log },
  reports: store.reports,
  projection: tellRollouts(view, engine),
  fleet: FLEET,
});
const orders = { name: 'orders', start: () => director.republishAll(), stop: async () => undefined };
await startAll([view, broker, ingest, orders, engine], new AbortController().signal);
process.stdout.write(`${broker.port}\n`);
