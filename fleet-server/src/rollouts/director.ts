import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { type AppError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import { createTurns } from '@watchpost/shared/kernel/in-turn.ts';
import { isRetired, mayDeploy } from '@watchpost/shared/lifecycle/model-version.ts';
import { formatTarget, type Order } from '@watchpost/shared/trust/order.ts';
import type { Broker } from '../broker/port.ts';
import type { FleetProjection } from '../devices/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { BundleRecord, DeploymentRecord, DeviceRecord, Store } from '../store/port.ts';
import type { TrustRepository } from '../trust/port.ts';
import type { DeployOptions, DeviceOrder, Director, OrderSigner, SignedOrders } from './port.ts';

const HOUR_MS = 3_600_000;
/** A box whose clock is slow must not find its order made in the future. */
const CLOCK_MARGIN_MS = 24 * HOUR_MS;
/** Long enough for a box that is off for a season. */
const ORDER_LIFE_MS = 90 * 24 * HOUR_MS;

export interface DirectorDeps {
  readonly sign: OrderSigner;
  readonly store: Pick<Store, 'devices' | 'bundles' | 'deployments'>;
  readonly broker: Pick<Broker, 'publish'>;
  readonly projection: Pick<FleetProjection, 'setDeployment'>;
  readonly trust: Pick<TrustRepository, 'listTargets'>;
  readonly nowMs: () => number;
  /** A new unguessable id of 16 to 64 characters. */
  readonly newId: () => string;
}

export function createDirector(deps: DirectorDeps): Director {
  // One at a time: the deployment stored last is the one with the highest counter.
  const queue = createTurns();
  return {
    deploy: (deviceId, bundleDigest, options = {}) =>
      queue(() => deploy(deps, { deviceId, bundleDigest, ...options })),
    deployAll: (orders, save) => queue(() => deployAll(deps, orders, save)),
    republishAll: async () => {
      const fleets = new Map((await deps.store.devices.list()).map(({ id, fleet }) => [id, fleet]));
      const newest = await deps.store.deployments.latestOfAll();
      await Promise.all(
        newest.map(async (deployment) => {
          const fleet = fleets.get(deployment.deviceId);
          if (fleet !== undefined) await publishOrder(deps, fleet, deployment);
        }),
      );
    },
  };
}

async function deploy(deps: DirectorDeps, order: DeviceOrder): Promise<DeploymentRecord> {
  const save = async ({ deployments, refusals }: SignedOrders): Promise<boolean> => {
    for (const { error } of refusals) throw error;
    for (const deployment of deployments) await deps.store.deployments.add(deployment);
    return true;
  };
  const [deployment] = await deployAll(deps, [order], save);
  if (deployment === undefined) throw new TypeError(`no order for ${order.deviceId} was made`);
  return deployment;
}

/** Stored before it is sent: a crash in between is mended by `republishAll`. */
async function deployAll(
  deps: DirectorDeps,
  orders: readonly DeviceOrder[],
  save: (signed: SignedOrders) => Promise<boolean>,
): Promise<readonly DeploymentRecord[]> {
  const { accepted, refusals } = await checkOrders(deps, orders);
  const deployments = await signOrders(deps, accepted);
  if (!(await save({ deployments, refusals }))) return [];
  // Together: one after the other, each would wait for all else the server does in between.
  await Promise.all(
    accepted.map(async ({ device }, index) => {
      const deployment = deployments[index];
      if (deployment === undefined) return;
      deps.projection.setDeployment(deployment);
      await publishOrder(deps, device.fleet, deployment);
    }),
  );
  return deployments;
}

interface AcceptedOrder {
  readonly device: DeviceRecord;
  readonly bundle: BundleRecord;
  readonly options: DeployOptions;
}

/** Every bundle is looked at once. */
async function checkOrders(
  deps: DirectorDeps,
  orders: readonly DeviceOrder[],
): Promise<{ readonly accepted: readonly AcceptedOrder[] } & Pick<SignedOrders, 'refusals'>> {
  const bundles = new Map<string, Promise<BundleRecord>>();
  const accepted: AcceptedOrder[] = [];
  const refusals: { readonly deviceId: string; readonly error: AppError }[] = [];
  for (const { deviceId, bundleDigest, ...options } of orders) {
    try {
      const device = await deps.store.devices.find(deviceId);
      if (device === undefined) throw serverError('NOT_FOUND', `device ${deviceId} is not enrolled`);
      const found = bundles.get(bundleDigest) ?? requireBundle(deps, bundleDigest);
      bundles.set(bundleDigest, found);
      accepted.push({ device, bundle: await found, options });
    } catch (error) {
      if (!isAppError(error) || error.code === 'STORE_FAILED') throw error;
      refusals.push({ deviceId, error });
    }
  }
  return { accepted, refusals };
}

/** @throws AppError NOT_FOUND | VERSION_WITHDRAWN | VERSION_STATE | VERSION_UNSIGNED */
async function requireBundle(deps: DirectorDeps, digest: string): Promise<BundleRecord> {
  const bundle = await deps.store.bundles.find(digest);
  if (bundle === undefined) throw serverError('NOT_FOUND', `bundle ${digest} is not in the registry`);
  requireDeployable(bundle);
  await requireSigned(deps, bundle);
  return bundle;
}

async function signOrders(
  deps: DirectorDeps,
  accepted: readonly AcceptedOrder[],
): Promise<readonly DeploymentRecord[]> {
  const nowMs = deps.nowMs();
  // Never below the clock: a store that came back from a backup goes on above what was signed since.
  const counters = await deps.store.deployments.takeOrderCounters(
    accepted.map(({ device }) => device.id),
    nowMs,
  );
  return Promise.all(
    accepted.map(({ device, bundle, options }, index): Promise<DeploymentRecord> => {
      const ids = { deploymentId: deps.newId(), nonce: deps.newId() };
      const counter = counters[index] ?? nowMs;
      const order: Order = {
        ...makeOrder(bundle, { deviceId: device.id, ...ids, counter, nowMs }),
        ...describeOptions(options),
      };
      return toDeployment(deps, bundle, order, nowMs);
    }),
  );
}

/** A forced order is signed as it was before there were types: every agent reads it. */
function describeOptions({
  liftQuarantine = false,
  type = 'forced',
  softUntilMs,
}: DeployOptions): Pick<Order, 'liftQuarantine' | 'type' | 'softUntilMs'> {
  return {
    ...(liftQuarantine && { liftQuarantine }),
    ...(type !== 'forced' && { type }),
    ...(type === 'soft' && softUntilMs !== undefined && { softUntilMs }),
  };
}

async function toDeployment(
  { sign }: DirectorDeps,
  { digest, manifest: { model, version } }: BundleRecord,
  order: Order,
  nowMs: number,
): Promise<DeploymentRecord> {
  return {
    id: order.deploymentId,
    deviceId: order.deviceId,
    bundleDigest: digest,
    model,
    version,
    state: 'pending',
    order: await sign(order),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

/** @throws AppError VERSION_WITHDRAWN | VERSION_STATE */
function requireDeployable({ state, manifest }: BundleRecord): void {
  if (mayDeploy(state)) return;
  const what = `${manifest.model}@${manifest.version} is ${state}`;
  throw serverError(
    isRetired(state) ? 'VERSION_WITHDRAWN' : 'VERSION_STATE',
    `${what} and cannot be deployed`,
  );
}

/** A box would refuse it for ever. @throws AppError VERSION_UNSIGNED */
async function requireSigned({ trust }: DirectorDeps, { digest, manifest }: BundleRecord): Promise<void> {
  const { model, version } = manifest;
  const targets = await trust.listTargets();
  if (targets?.[formatTarget(model, version)]?.hashes.sha256 === digest) return;
  throw serverError(
    'VERSION_UNSIGNED',
    `${model}@${version} is not among what the published \`models\` names`,
  );
}

function makeOrder(
  { manifest, digest }: BundleRecord,
  to: Pick<Order, 'deviceId' | 'deploymentId' | 'nonce' | 'counter'> & { readonly nowMs: number },
): Order {
  return {
    deviceId: to.deviceId,
    deploymentId: to.deploymentId,
    target: formatTarget(manifest.model, manifest.version),
    sha256: digest,
    length: new TextEncoder().encode(canonicalJson(manifest)).length,
    releaseCounter: manifest.releaseCounter,
    counter: to.counter,
    notBeforeMs: to.nowMs - CLOCK_MARGIN_MS,
    expiresMs: to.nowMs + ORDER_LIFE_MS,
    nonce: to.nonce,
  };
}

function publishOrder(
  deps: DirectorDeps,
  fleet: string,
  { deviceId, order }: DeploymentRecord,
): Promise<void> {
  return deps.broker.publish('desiredModel', { fleet, device: deviceId }, { order });
}
