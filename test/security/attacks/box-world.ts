import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEPLOYMENT_LIFECYCLE } from '@watchpost/shared/lifecycle/deployment.ts';
import { isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import { parsePayload } from '@watchpost/shared/topics.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import type { MqttClient } from 'mqtt';
import { createHttpArtifacts } from '../../../agent/src/download/http-artifacts.ts';
import { createDirector } from '../../../fleet-server/src/rollouts/director.ts';
import { createJwsOrderSigner } from '../../../fleet-server/src/rollouts/jws-order-signer.ts';
import type { Director } from '../../../fleet-server/src/rollouts/port.ts';
import { type ArtifactServer, startArtifactServer } from '../../support/artifact-server.ts';
import { connectDevice, FLEET, topicOf } from '../../support/mqtt-device.ts';
import { openReportServer, type ReportServer } from '../../support/report-server.ts';
import { makeBundle, makeBytes, type TestBundle } from '../../support/test-bundle.ts';
import { composeOrder, signOrder, trustOf } from '../../support/test-order.ts';
import type { Ceremony } from '../../support/tuf-ceremony.ts';
import { until } from '../../support/until.ts';
import { createUpdatedBox, DIRECTOR, type UpdatedBox } from '../../support/updated-box.ts';

const DEVICE = 'gate-3';

/** A deployment that came to its end. */
export interface End {
  readonly state: string;
  readonly reason: string | undefined;
}

/**
 * The whole way of a model to a box: signers, director, broker, web server, and the agent's updater over files, which
 * checks orders, metadata and files as in production. What runs is a digest only.
 */
export interface BoxWorld {
  readonly ceremony: Ceremony;
  /** The web server that holds the bundles; the attacker may answer in its place. */
  readonly artifacts: ArtifactServer;
  readonly box: UpdatedBox;
  readonly dataDir: string;
  /** A bundle nobody has signed or put anywhere yet, of a version of its own. */
  makeBundle(change?: Partial<Parameters<typeof makeBundle>[0]>): TestBundle;
  /** Puts it where boxes fetch it. */
  publish(bundle: TestBundle): Promise<void>;
  /** The director orders it. @returns the order, carried out or not */
  deploy(bundle: TestBundle): Promise<End & { readonly token: string }>;
  /** An order as whoever stole the director's key would write it: the next one of this box. */
  forge(bundle: TestBundle, change?: Partial<Order>): Promise<Order>;
  /** Makes the broker tell the box this order. */
  tell(token: string): Promise<void>;
  end(deploymentId: string): Promise<End>;
  close(): Promise<void>;
}

export async function openBoxWorld(): Promise<BoxWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-attacked-'));
  const dataDir = join(folder, 'box');
  const server = await openReportServer({ path: join(folder, 'fleet.db'), devices: [DEVICE] });
  const artifacts = await startArtifactServer();
  const box = await createUpdatedBox({
    dataDir,
    source: createHttpArtifacts({ serverUrl: artifacts.url, authorization: 'Basic eDp5', stallMs: 100 }),
  });
  const client = await listen(server, box);
  const orders = ordersOf({ server, box, director: directorOf(server) });
  let version = 0;
  return {
    ...{ ceremony: box.ceremony, artifacts, box, dataDir },
    ...orders,
    makeBundle: (change = {}) => {
      version += 1;
      const files = { 'model.onnx': makeBytes(40_000, version), 'golden/cat.bin': makeBytes(500, version) };
      return makeBundle({ version: `${version}.0.0`, files, ...change });
    },
    publish: async (bundle) => {
      artifacts.publish(bundle);
      await server.store.bundles.add({ ...bundle, state: 'released', createdAtMs: 1 });
    },
    close: async () => {
      await client.endAsync();
      await box.stop();
      await Promise.all([server.stop(), artifacts.close()]);
      await rm(folder, { recursive: true });
    },
  };
}

async function listen({ broker }: ReportServer, box: UpdatedBox): Promise<MqttClient> {
  const client = await connectDevice(broker.port, DEVICE);
  client.on('message', (_topic, payload) => box.updater.onDesired(parsePayload('desiredModel', payload)));
  await client.subscribeAsync(topicOf(DEVICE, 'desiredModel'), { qos: 1 });
  return client;
}

const directorOf = ({ store, broker, fleet }: ReportServer): Director =>
  createDirector({
    ...{ store, broker, projection: fleet },
    sign: createJwsOrderSigner(DIRECTOR.privateKey),
    // A server in the hands of an attacker asks nobody.
    trust: { listTargets: async () => trustOf(await store.bundles.list()).listTargets() },
    nowMs: Date.now,
    newId: randomUUID,
  });

function ordersOf({
  server,
  box,
  director,
}: {
  readonly server: ReportServer;
  readonly box: UpdatedBox;
  readonly director: Director;
}): Pick<BoxWorld, 'deploy' | 'forge' | 'tell' | 'end'> {
  const end = async (deploymentId: string): Promise<End> => {
    const last = () => box.changesOf(deploymentId).at(-1);
    await until(`the end of ${deploymentId}`, () => {
      const state = last()?.state;
      return state !== undefined && isTerminal(DEPLOYMENT_LIFECYCLE, state);
    });
    return { state: last()?.state ?? '', reason: last()?.reason };
  };
  return {
    end,
    deploy: async ({ digest }) => {
      const { id, order } = await director.deploy(DEVICE, digest);
      return { ...(await end(id)), token: order };
    },
    forge: async (bundle, change) => {
      const counter = await server.store.deployments.takeOrderCounter(DEVICE, Date.now());
      return composeOrder(bundle, { deploymentId: randomUUID(), counter, ...change });
    },
    tell: (order) => server.broker.publish('desiredModel', { fleet: FLEET, device: DEVICE }, { order }),
  };
}

/** A new version that everybody signed. */
export async function release(
  world: BoxWorld,
  change: Parameters<BoxWorld['makeBundle']>[0] = {},
): Promise<TestBundle> {
  const bundle = world.makeBundle(change);
  await world.publish(bundle);
  await world.box.release(bundle);
  return bundle;
}

/** The honest way, to its end. */
export async function isDeployed(world: BoxWorld, bundle?: TestBundle): Promise<boolean> {
  const wanted = bundle ?? (await release(world));
  const { state, reason } = await world.deploy(wanted);
  if (state !== 'success') throw new Error(`${state}: ${reason}`);
  return world.box.running() === wanted.digest;
}

/** True when the order ends with one of the reasons, and the box runs what it ran. */
export async function isStopped(world: BoxWorld, order: Order, reasons: readonly string[]): Promise<boolean> {
  const before = world.box.running();
  await world.tell(await signOrder(order, DIRECTOR.privateKey));
  const { state, reason = state } = await world.end(order.deploymentId);
  if (state === 'success' || world.box.running() !== before) return false;
  if (reasons.includes(reason)) return true;
  throw new Error(`${state} with ${reason}, not with ${reasons.join(' or ')}`);
}

/** True when the box does not even begin: the next honest order is carried out, and this one never was. */
export async function isIgnored(world: BoxWorld, token: string, deploymentId: string): Promise<boolean> {
  const before = world.box.statesOf(deploymentId).length;
  await world.tell(token);
  return (await isDeployed(world)) && world.box.statesOf(deploymentId).length === before;
}
