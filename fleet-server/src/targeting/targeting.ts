import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { sharedError } from '@watchpost/shared/kernel/errors.ts';
import { describeDevice } from '@watchpost/shared/targeting/described-device.ts';
import { type Filter, listGroupsOf } from '@watchpost/shared/targeting/filter.ts';
import { matchesFilter } from '@watchpost/shared/targeting/filter-match.ts';
import { parseFilter } from '@watchpost/shared/targeting/filter-parser.ts';
import type { DeviceView, FleetView } from '../devices/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { BundleStore, DeploymentStore, TargetingStore } from '../store/port.ts';
import { judgeAdmission } from './admission-verdict.ts';
import { computeBoardLatency } from './board-latency.ts';
import { computeGroups, orderGroups, type ReadGroup, readGroup } from './group-order.ts';
import type { TargetDevice, Targeting } from './port.ts';

export interface TargetingDeps {
  readonly view: Pick<FleetView, 'device' | 'devices'>;
  readonly store: Pick<TargetingStore, 'listSites' | 'listGroups'>;
  readonly bundles: Pick<BundleStore, 'find'>;
  readonly deployments: Pick<DeploymentStore, 'selfTests'>;
}

/** Deployments of one bundle whose self-tests are looked at: enough of every board a fleet has. */
const MAX_MEASURED = 500;
const NOT_MEASURED: ReadonlyMap<string, number> = new Map();

export function createTargeting(deps: TargetingDeps): Targeting {
  const { view } = deps;
  return {
    listDevices: async () => list(deps, await loadGroups(deps), view.devices().filter(isAccepted)),
    match: (filter) => match(deps, filter, view.devices().filter(isAccepted)),
    find: async (filter) => {
      const devices = view.devices();
      const found = new Set((await match(deps, filter, devices)).map(({ id }) => id));
      return devices.filter(({ id }) => found.has(id));
    },
    admission: async (digest) => {
      const bundle = await deps.bundles.find(digest);
      if (bundle === undefined) throw serverError('NOT_FOUND', `there is no bundle ${digest}`);
      const { requires, files } = bundle.manifest;
      const latencyMsByBoard =
        requires.latencyMs === undefined ? NOT_MEASURED : await measureBoards(deps, digest);
      const demands = { requires, latencyMsByBoard };
      const sizeBytes = sumSizes(files);
      return (device) => {
        const presentBytes = isPresent(view.device(device.id), digest) ? sizeBytes : 0;
        return judgeAdmission(demands, { ...device, presentBytes });
      };
    },
  };
}

/** By the last it told: it runs the bundle, or keeps it. */
const isPresent = (device: DeviceView | undefined, digest: string): boolean =>
  device?.activeBundle?.digest === digest ||
  (device?.deployment?.state === 'kept' && device.deployment.bundleDigest === digest);

/** Each content once. */
function sumSizes(files: Manifest['files']): number {
  const sizes = new Map(files.map(({ sha256, sizeBytes }) => [sha256, sizeBytes]));
  return [...sizes.values()].reduce((total, size) => total + size, 0);
}

const isAccepted = ({ state }: DeviceView): boolean => state === 'accepted';

async function match(
  deps: TargetingDeps,
  text: string,
  devices: readonly DeviceView[],
): Promise<readonly TargetDevice[]> {
  const filter = parseFilter(text);
  const groups = await loadGroups(deps);
  requireGroups(filter, groups);
  return (await list(deps, groups, devices)).filter((device) => matchesFilter(filter, device));
}

/** @throws AppError FILTER_INVALID */
export function requireGroups(filter: Filter, groups: readonly { readonly id: string }[]): void {
  const unknown = listGroupsOf(filter).find((name) => groups.every(({ id }) => id !== name));
  if (unknown !== undefined) throw sharedError('FILTER_INVALID', `filter: there is no group "${unknown}"`);
}

/** In the order in which they are computed. */
async function loadGroups({ store }: TargetingDeps): Promise<readonly ReadGroup[]> {
  return requireOrder((await store.listGroups()).map(readGroup));
}

/** @throws AppError REQUEST_INVALID | FILTER_INVALID */
export function requireOrder(groups: readonly ReadGroup[]): readonly ReadGroup[] {
  const order = orderGroups(groups);
  if (order.kind === 'ordered') return order.groups;
  if (order.kind === 'unknown')
    throw sharedError('FILTER_INVALID', `filter of ${order.namedBy}: there is no group "${order.group}"`);
  throw serverError('REQUEST_INVALID', `groups lead in a circle: ${order.path.join(' -> ')}`);
}

async function list(
  { store }: TargetingDeps,
  groups: readonly ReadGroup[],
  devices: readonly DeviceView[],
): Promise<readonly TargetDevice[]> {
  const timezones = new Map((await store.listSites()).map(({ id, timezone }) => [id, timezone]));
  return devices.map((view) => {
    const device = describeDevice(view, timezones);
    return { ...device, groups: [...computeGroups(device, groups)] };
  });
}

async function measureBoards(
  { view, deployments }: TargetingDeps,
  digest: string,
): Promise<ReadonlyMap<string, number>> {
  const tests = await deployments.selfTests(digest, MAX_MEASURED);
  return computeBoardLatency(
    tests.flatMap(({ deviceId, findings }) => {
      const device = view.device(deviceId);
      const board = (device?.birth?.hardware ?? device?.hardware)?.board;
      return board === undefined ? [] : [{ board, findings }];
    }),
  );
}
