import type { DeviceGroup } from '@watchpost/shared/api/targeting.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { type Filter, listGroupsOf } from '@watchpost/shared/targeting/filter.ts';
import { parseFilter } from '@watchpost/shared/targeting/filter-parser.ts';
import { isTimezone } from '@watchpost/shared/targeting/timezone.ts';
import { orderGroups, readGroup } from '../targeting/group-order.ts';
import type { FileProblem, FleetFile, FoundFleet } from './fleet-file.ts';

export interface References {
  readonly problems: readonly FileProblem[];
  /** Ids of all groups, old and new, so that each comes after those its filter speaks of. */
  readonly groupOrder: readonly string[];
}

/** What a file speaks of that there is not, and what it says that cannot be. */
export function findReferenceProblems(wanted: FleetFile, found: FoundFleet, prune: boolean): References {
  const unreadable = [
    ...findFilterProblems('groups', wanted.groups),
    ...findFilterProblems('filters', wanted.filters),
    ...findFilterProblems('models', wanted.models),
    ...findShapeProblems(wanted),
  ];
  const places = [
    ...findSiteProblems(wanted, found, prune),
    ...findDeviceProblems(wanted, found),
    ...findPolicyProblems(wanted, found, prune),
  ];
  if (unreadable.length > 0) return { problems: [...unreadable, ...places], groupOrder: [] };
  const groups = findGroupProblems(wanted, found, prune);
  return { ...groups, problems: [...places, ...groups.problems] };
}

type Named<T> = Readonly<Record<string, T>>;

/** Those of the server and of the file together, as they will be. */
function merge<T extends { readonly id: string }>(
  found: readonly T[],
  wanted: Named<Omit<T, 'id'>> | undefined,
  prune: boolean,
): readonly (Omit<T, 'id'> & { readonly id: string })[] {
  const kept = wanted !== undefined && prune ? [] : found;
  const named = Object.entries(wanted ?? {}).map(([id, thing]) => ({ ...thing, id }));
  return [...kept.filter(({ id }) => !Object.hasOwn(wanted ?? {}, id)), ...named];
}

function findFilterProblems(
  section: 'groups' | 'filters' | 'models',
  named: Named<{ readonly filter?: string }> = {},
): readonly FileProblem[] {
  return Object.entries(named).flatMap(([id, { filter }]) => {
    if (filter === undefined) return [];
    const message = findFilterProblem(filter);
    return message === undefined ? [] : [{ path: [section, id, 'filter'], message }];
  });
}

function findFilterProblem(filter: string): string | undefined {
  try {
    parseFilter(filter);
    return undefined;
  } catch (error) {
    if (!isAppError(error, 'FILTER_INVALID')) throw error;
    return error.message;
  }
}

function findShapeProblems({ sites = {}, groups = {} }: FleetFile): readonly FileProblem[] {
  const zones = Object.entries(sites)
    .filter(([, { timezone }]) => !isTimezone(timezone))
    .map(([id, { timezone }]) => ({
      path: ['sites', id, 'timezone'],
      message: `"${timezone}" is not the name of a time zone, as Europe/Madrid is`,
    }));
  const rules = Object.entries(groups)
    .filter(([, { devices, filter }]) => (devices === undefined) === (filter === undefined))
    .map(([id]) => ({ path: ['groups', id], message: 'a group has either devices or a filter' }));
  return [...zones, ...rules];
}

function findSiteProblems(wanted: FleetFile, found: FoundFleet, prune: boolean): readonly FileProblem[] {
  const sites = new Set(merge(found.sites, wanted.sites, prune).map(({ id }) => id));
  const named = Object.entries(wanted.devices ?? {}).flatMap(([id, { site }]) =>
    typeof site !== 'string' || sites.has(site)
      ? []
      : [{ path: ['devices', id, 'site'], message: `there is no site "${site}"` }],
  );
  const left = found.devices.flatMap(({ id, state, metadata }) => {
    const isSaid = state === 'decommissioned' || wanted.devices?.[id]?.site !== undefined;
    const site = metadata?.site;
    if (isSaid || site === undefined || sites.has(site)) return [];
    return [{ path: ['sites'], message: `"${site}" is not named, but device ${id} stands there` }];
  });
  return [...named, ...left];
}

function findDeviceProblems(wanted: FleetFile, found: FoundFleet): readonly FileProblem[] {
  const known = new Set(found.devices.map(({ id }) => id));
  const stranger = (id: string): string => `there is no device "${id}"`;
  return [
    ...Object.keys(wanted.devices ?? {})
      .filter((id) => !known.has(id))
      .map((id) => ({ path: ['devices', id], message: stranger(id) })),
    ...Object.entries(wanted.groups ?? {}).flatMap(([group, { devices = [] }]) =>
      devices
        .filter((id) => !known.has(id))
        .map((id) => ({ path: ['groups', group, 'devices'], message: stranger(id) })),
    ),
  ];
}

function findPolicyProblems(wanted: FleetFile, found: FoundFleet, prune: boolean): readonly FileProblem[] {
  const known = new Set([
    ...(wanted.policies !== undefined && prune ? [] : found.policies.map(({ id }) => id)),
    ...Object.keys(wanted.policies ?? {}),
  ]);
  return Object.entries(wanted.models ?? {}).flatMap(([id, { policy }]) =>
    policy === undefined || known.has(policy)
      ? []
      : [{ path: ['models', id, 'policy'], message: `there is no policy "${policy}"` }],
  );
}

function findGroupProblems(wanted: FleetFile, found: FoundFleet, prune: boolean): References {
  const after: readonly DeviceGroup[] = merge(found.groups, wanted.groups, prune);
  const order = orderGroups(after.map(readGroup));
  if (order.kind === 'unknown')
    return refuse(['groups', order.namedBy, 'filter'], `there is no group "${order.group}"`);
  if (order.kind === 'circle')
    return refuse(['groups', order.path[0] ?? ''], `groups lead in a circle: ${order.path.join(' -> ')}`);
  const ids = new Set(after.map(({ id }) => id));
  const unknown = (filter: Filter): string | undefined => listGroupsOf(filter).find((id) => !ids.has(id));
  const filters = [
    ...merge(found.filters, wanted.filters, prune).map((one) => ['filters', one] as const),
    ...Object.entries(wanted.models ?? {}).map(([id, { filter }]) => ['models', { id, filter }] as const),
  ];
  const problems = filters.flatMap(([section, { id, filter }]) => {
    const group = filter === undefined ? undefined : unknown(parseFilter(filter));
    return group === undefined
      ? []
      : [{ path: [section, id, 'filter'], message: `there is no group "${group}"` }];
  });
  return { problems, groupOrder: orderAll(order.groups, found.groups) };
}

const refuse = (path: readonly string[], message: string): References => ({
  problems: [{ path, message }],
  groupOrder: [],
});

/** Groups that are to go are in no filter of those that stay, so that they may come last, in their own order. */
function orderAll(
  after: readonly { readonly id: string }[],
  found: readonly DeviceGroup[],
): readonly string[] {
  const before = orderGroups(found.map(readGroup));
  const old = before.kind === 'ordered' ? before.groups : found;
  return [...new Set([...after, ...old].map(({ id }) => id))];
}
