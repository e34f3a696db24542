import type { DeviceGroup } from '@watchpost/shared/api/targeting.ts';
import type { Filter, FilteredDevice } from '@watchpost/shared/targeting/filter.ts';
import { listGroupsOf } from '@watchpost/shared/targeting/filter.ts';
import { matchesFilter } from '@watchpost/shared/targeting/filter-match.ts';
import { parseFilter } from '@watchpost/shared/targeting/filter-parser.ts';

/** A device group, read: either its devices or its filter. */
export type ReadGroup =
  | { readonly id: string; readonly devices: ReadonlySet<string> }
  | { readonly id: string; readonly filter: Filter };

/** @throws AppError FILTER_INVALID */
export function readGroup({ id, filter, devices = [] }: DeviceGroup): ReadGroup {
  return filter === undefined ? { id, devices: new Set(devices) } : { id, filter: parseFilter(filter) };
}

export type GroupOrder =
  | { readonly kind: 'ordered'; readonly groups: readonly ReadGroup[] }
  /** The groups of the circle; the first one again at the end. */
  | { readonly kind: 'circle'; readonly path: readonly string[] }
  | { readonly kind: 'unknown'; readonly group: string; readonly namedBy: string };

/** Groups so that each comes after those its filter speaks of. */
export function orderGroups(groups: readonly ReadGroup[]): GroupOrder {
  const byId = new Map(groups.map((group) => [group.id, group]));
  const done = new Map<string, ReadGroup>();
  const visit = (
    id: string,
    path: readonly string[],
  ): Exclude<GroupOrder, { kind: 'ordered' }> | undefined => {
    if (done.has(id)) return undefined;
    if (path.includes(id)) return { kind: 'circle', path: [...path.slice(path.indexOf(id)), id] };
    const group = byId.get(id);
    if (group === undefined) return { kind: 'unknown', group: id, namedBy: path.at(-1) ?? id };
    for (const inner of namedBy(group)) {
      const problem = visit(inner, [...path, id]);
      if (problem !== undefined) return problem;
    }
    done.set(id, group);
    return undefined;
  };
  for (const { id } of groups) {
    const problem = visit(id, []);
    if (problem !== undefined) return problem;
  }
  return { kind: 'ordered', groups: [...done.values()] };
}

const namedBy = (group: ReadGroup): readonly string[] =>
  'filter' in group ? listGroupsOf(group.filter) : [];

/** The ids of the groups a device is in, sorted; `ordered` as `orderGroups` gives them. */
export function computeGroups(
  device: FilteredDevice & { readonly id: string },
  ordered: readonly ReadGroup[],
): readonly string[] {
  const groups: string[] = [];
  const described = { ...device, groups };
  for (const group of ordered) {
    const isIn = 'filter' in group ? matchesFilter(group.filter, described) : group.devices.has(device.id);
    if (isIn) groups.push(group.id);
  }
  return groups.sort();
}
