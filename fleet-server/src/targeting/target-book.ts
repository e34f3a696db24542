import { isDeepStrictEqual } from 'node:util';
import type {
  DeviceGroup,
  DeviceGroupView,
  DeviceMetadata,
  MetadataChange,
  SavedFilter,
  SavedPolicy,
  Site,
  SiteView,
} from '@watchpost/shared/api/targeting.ts';
import { createTurns } from '@watchpost/shared/kernel/in-turn.ts';
import type { RolloutState } from '@watchpost/shared/lifecycle/rollout.ts';
import { listGroupsOf } from '@watchpost/shared/targeting/filter.ts';
import { parseFilter } from '@watchpost/shared/targeting/filter-parser.ts';
import { isTimezone } from '@watchpost/shared/targeting/timezone.ts';
import type { AuditActor, AuditLog } from '../audit/port.ts';
import type { FleetProjection, FleetView } from '../devices/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { Store, TargetingStore } from '../store/port.ts';
import { changeMetadata } from './changed-metadata.ts';
import { readGroup } from './group-order.ts';
import type { TargetBook, Targeting } from './port.ts';
import { requireGroups, requireOrder } from './targeting.ts';

export interface TargetBookDeps {
  readonly store: TargetingStore;
  readonly rollouts: Pick<Store['rollouts'], 'listIn'>;
  readonly view: Pick<FleetView, 'device' | 'devices'>;
  readonly projection: Pick<FleetProjection, 'setMetadata'>;
  readonly targeting: Pick<Targeting, 'listDevices'>;
  readonly audit: Pick<AuditLog, 'record'>;
}

export function createTargetBook(deps: TargetBookDeps): TargetBook {
  const { store } = deps;
  // One change at a time: what one was checked against is not changed by the next.
  const inTurn = createTurns();
  return {
    listSites: async () => viewSites(deps, await store.listSites()),
    showSite: async (id) => viewSite(deps, requireOne(await store.listSites(), id, 'site')),
    saveSite: (site, actor) => inTurn(() => saveSite(deps, site, actor)),
    deleteSite: (id, actor) => inTurn(() => deleteSite(deps, id, actor)),
    changeMetadata: (id, change, actor) => inTurn(() => changeDevice(deps, { id, change, actor })),
    listGroups: async () => viewGroups(deps, await store.listGroups()),
    showGroup: async (id) => viewGroup(deps, requireOne(await store.listGroups(), id, 'group')),
    saveGroup: (group, actor) => inTurn(() => saveGroup(deps, group, actor)),
    deleteGroup: (id, actor) => inTurn(() => deleteGroup(deps, id, actor)),
    listFilters: () => store.listFilters(),
    showFilter: async (id) => requireOne(await store.listFilters(), id, 'filter'),
    saveFilter: (filter, actor) => inTurn(() => saveFilter(deps, filter, actor)),
    deleteFilter: (id, actor) =>
      inTurn(async () => {
        if (!(await store.deleteFilter(id))) throw notThere(id, 'filter');
        await record(deps, actor, 'filter.deleted', { id });
      }),
    listPolicies: () => store.listPolicies(),
    showPolicy: async (id) => requireOne(await store.listPolicies(), id, 'policy'),
    savePolicy: (policy, actor) => inTurn(() => savePolicy(deps, policy, actor)),
    deletePolicy: (id, actor) =>
      inTurn(async () => {
        if (!(await store.deletePolicy(id))) throw notThere(id, 'policy');
        await record(deps, actor, 'policy.deleted', { id });
      }),
  };
}

type Kind = 'site' | 'group' | 'filter' | 'policy';

const notThere = (id: string, kind: Kind): Error => serverError('NOT_FOUND', `there is no ${kind} "${id}"`);

const findOne = <T extends { readonly id: string }>(all: readonly T[], id: string): T | undefined =>
  all.find((one) => one.id === id);

/** @throws AppError NOT_FOUND */
function requireOne<T extends { readonly id: string }>(all: readonly T[], id: string, kind: Kind): T {
  const found = findOne(all, id);
  if (found === undefined) throw notThere(id, kind);
  return found;
}

async function record(
  { audit }: TargetBookDeps,
  actor: AuditActor,
  action: string,
  { id, ...details }: { readonly id: string; readonly [detail: string]: unknown },
): Promise<void> {
  await audit.record({ actor, action, subject: id, details });
}

function viewSites({ view }: TargetBookDeps, sites: readonly Site[]): readonly SiteView[] {
  const counts = new Map<string, number>();
  for (const { metadata, state } of view.devices())
    if (metadata?.site !== undefined && state !== 'decommissioned')
      counts.set(metadata.site, (counts.get(metadata.site) ?? 0) + 1);
  return sites.map((site) => ({ ...site, devices: counts.get(site.id) ?? 0 }));
}

const viewSite = (deps: TargetBookDeps, site: Site): SiteView =>
  viewSites(deps, [site])[0] ?? { ...site, devices: 0 };

async function saveSite(deps: TargetBookDeps, site: Site, actor: AuditActor): Promise<SiteView> {
  if (!isTimezone(site.timezone))
    throw serverError(
      'REQUEST_INVALID',
      `body: /timezone "${site.timezone}" is not the name of a time zone, as Europe/Madrid is`,
    );
  if (!isDeepStrictEqual(findOne(await deps.store.listSites(), site.id), site)) {
    await deps.store.saveSite(site);
    await record(deps, actor, 'site.saved', site);
  }
  return viewSite(deps, site);
}

async function deleteSite(deps: TargetBookDeps, id: string, actor: AuditActor): Promise<void> {
  const { devices } = viewSite(deps, requireOne(await deps.store.listSites(), id, 'site'));
  if (devices > 0) throw serverError('IN_USE', `devices stand at site "${id}": ${devices}`);
  await deps.store.deleteSite(id);
  await record(deps, actor, 'site.deleted', { id });
}

async function changeDevice(
  deps: TargetBookDeps,
  { id, change, actor }: { readonly id: string; readonly change: MetadataChange; readonly actor: AuditActor },
): Promise<DeviceMetadata> {
  const { store, view, projection } = deps;
  if (view.device(id) === undefined) throw serverError('NOT_FOUND', `there is no device "${id}"`);
  if (typeof change.site === 'string') requireOne(await store.listSites(), change.site, 'site');
  const { before, after } = await store.changeMetadata(id, (said) => changeMetadata(said, change));
  if (!isDeepStrictEqual(before, after)) {
    projection.setMetadata(id, after);
    await record(deps, actor, 'device.metadata_changed', { id, ...change });
  }
  return after;
}

async function viewGroups(
  { targeting }: TargetBookDeps,
  groups: readonly DeviceGroup[],
): Promise<readonly DeviceGroupView[]> {
  const counts = new Map<string, number>();
  for (const device of await targeting.listDevices())
    for (const id of device.groups) counts.set(id, (counts.get(id) ?? 0) + 1);
  return groups.map((group) => ({ ...group, members: counts.get(group.id) ?? 0 }));
}

async function viewGroup(deps: TargetBookDeps, group: DeviceGroup): Promise<DeviceGroupView> {
  return (await viewGroups(deps, [group]))[0] ?? { ...group, members: 0 };
}

async function saveGroup(
  deps: TargetBookDeps,
  given: DeviceGroup,
  actor: AuditActor,
): Promise<DeviceGroupView> {
  const { store, view } = deps;
  if ((given.devices === undefined) === (given.filter === undefined))
    throw serverError('REQUEST_INVALID', 'body: a group has either devices or a filter');
  const stranger = given.devices?.find((id) => view.device(id) === undefined);
  if (stranger !== undefined) throw serverError('NOT_FOUND', `there is no device "${stranger}"`);
  const group = { ...given, ...(given.devices && { devices: given.devices.toSorted() }) };
  const all = await store.listGroups();
  requireOrder([group, ...all.filter(({ id }) => id !== group.id)].map(readGroup));
  if (!isDeepStrictEqual(findOne(all, group.id), group)) {
    await store.saveGroup(group);
    const { devices, ...facts } = group;
    await record(deps, actor, 'group.saved', { ...facts, ...(devices && { devices: devices.length }) });
  }
  return viewGroup(deps, group);
}

/** States in which a rollout may still look for devices. */
const OPEN: readonly RolloutState[] = [
  ...(['creating', 'waiting_for_approval', 'approval_denied', 'ready', 'scheduled'] as const),
  ...(['running', 'paused'] as const),
];

async function deleteGroup(deps: TargetBookDeps, id: string, actor: AuditActor): Promise<void> {
  const { store, rollouts } = deps;
  const groups = await store.listGroups();
  requireOne(groups, id, 'group');
  const speaksOfIt = ({ filter }: { readonly filter?: string }): boolean =>
    filter !== undefined && listGroupsOf(parseFilter(filter)).includes(id);
  const users: readonly string[] = [
    ...groups.filter(speaksOfIt).map((group) => `group ${group.id}`),
    ...(await store.listFilters()).filter(speaksOfIt).map((filter) => `filter ${filter.id}`),
    ...(await rollouts.listIn(OPEN)).filter(speaksOfIt).map(({ name }) => `rollout "${name}"`),
  ];
  if (users.length > 0) throw serverError('IN_USE', `group "${id}" is named by ${users.join(', ')}`);
  await store.deleteGroup(id);
  await record(deps, actor, 'group.deleted', { id });
}

async function saveFilter(
  deps: TargetBookDeps,
  filter: SavedFilter,
  actor: AuditActor,
): Promise<SavedFilter> {
  const { store } = deps;
  requireGroups(parseFilter(filter.filter), await store.listGroups());
  if (!isDeepStrictEqual(findOne(await store.listFilters(), filter.id), filter)) {
    await store.saveFilter(filter);
    await record(deps, actor, 'filter.saved', filter);
  }
  return filter;
}

async function savePolicy(
  deps: TargetBookDeps,
  policy: SavedPolicy,
  actor: AuditActor,
): Promise<SavedPolicy> {
  if (!isDeepStrictEqual(findOne(await deps.store.listPolicies(), policy.id), policy)) {
    await deps.store.savePolicy(policy);
    await record(deps, actor, 'policy.saved', policy);
  }
  return policy;
}
