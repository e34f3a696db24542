import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { isRetired, mayDeploy } from '@watchpost/shared/lifecycle/model-version.ts';
import { formatTarget, type Order } from '@watchpost/shared/trust/order.ts';
import type { Broker } from '../broker/port.ts';
import type { FleetProjection } from '../devices/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { BundleRecord, DeploymentRecord, Store } from '../store/port.ts';
import type { TrustRepository } from '../trust/port.ts';
import type { DeployOptions, Director, OrderSigner } from './port.ts';

/** A box whose clock is slow must not find its order made in the future. */
const CLOCK_MARGIN_MS = 24 * 3_600_000;
/** Long enough for a box that is off for a season. */
const ORDER_LIFE_MS = 90 * 24 * 3_600_000;

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
  let last: Promise<unknown> = Promise.resolve();
  return {
    deploy: (deviceId, bundleDigest, options = {}) => {
      const deployed = last.then(() => deploy(deps, { deviceId, bundleDigest, ...options }));
      last = deployed.catch(() => undefined);
      return deployed;
    },
    republishAll: async () => {
      const fleets = new Map((await deps.store.devices.list()).map(({ id, fleet }) => [id, fleet]));
      for (const deployment of await deps.store.deployments.latestOfAll()) {
        const fleet = fleets.get(deployment.deviceId);
        if (fleet !== undefined) await publishOrder(deps, fleet, deployment);
      }
    },
  };
}

interface Deploy extends DeployOptions {
  readonly deviceId: string;
  readonly bundleDigest: string;
}

/** Stored before it is sent: a crash in between is mended by `republishAll`. */
async function deploy(
  deps: DirectorDeps,
  { deviceId, bundleDigest, liftQuarantine = false }: Deploy,
): Promise<DeploymentRecord> {
  const device = await deps.store.devices.find(deviceId);
  if (device === undefined) throw serverError('NOT_FOUND', `device ${deviceId} is not enrolled`);
  const bundle = await deps.store.bundles.find(bundleDigest);
  if (bundle === undefined) throw serverError('NOT_FOUND', `bundle ${bundleDigest} is not in the registry`);
  requireDeployable(bundle);
  await requireSigned(deps, bundle);
  const nowMs = deps.nowMs();
  // Never below the clock: a store that came back from a backup goes on above what was signed since.
  const counter = await deps.store.deployments.takeOrderCounter(deviceId, nowMs);
  const ids = { deploymentId: deps.newId(), nonce: deps.newId() };
  const order: Order = {
    ...makeOrder(bundle, { deviceId, ...ids, counter, nowMs }),
    ...(liftQuarantine && { liftQuarantine }),
  };
  const deployment: DeploymentRecord = {
    id: order.deploymentId,
    deviceId,
    bundleDigest,
    model: bundle.manifest.model,
    version: bundle.manifest.version,
    state: 'pending',
    order: await deps.sign(order),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  await deps.store.deployments.add(deployment);
  deps.projection.setDeployment(deployment);
  await publishOrder(deps, device.fleet, deployment);
  return deployment;
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
