import type {
  DeviceGroup,
  DeviceMetadata,
  SavedFilter,
  SavedPolicy,
  Site,
} from '@watchpost/shared/api/targeting.ts';
import {
  DEFAULT_POLICY,
  type FileProblem,
  type FleetFile,
  type FoundFleet,
  type WantedDevice,
} from './fleet-file.ts';
import { findReferenceProblems } from './fleet-file-references.ts';
import type { FleetChange } from './plan-change.ts';
import { planMetadata } from './plan-metadata.ts';
import { planModels } from './plan-models.ts';
import { diffSettings } from './settings-diff.ts';

export type ApplyPlan =
  | { readonly kind: 'unsound'; readonly problems: readonly FileProblem[] }
  /** In the order in which they are to be made: what is spoken of comes before what speaks of it. */
  | { readonly kind: 'plan'; readonly changes: readonly FleetChange[] };

/**
 * What is to be done so that the fleet is what a file says.
 * @param prune removes what the file does not name, of the kinds it speaks of at all; never a device
 */
export function planApply(wanted: FleetFile, found: FoundFleet, prune: boolean): ApplyPlan {
  const { problems, groupOrder } = findReferenceProblems(wanted, found, prune);
  if (problems.length > 0) return { kind: 'unsound', problems };
  const groups = Object.entries(wanted.groups ?? {}).sort(
    ([one], [other]) => groupOrder.indexOf(one) - groupOrder.indexOf(other),
  );
  const changes = [
    ...planPuts('site', Object.entries(wanted.sites ?? {}), found.sites),
    ...Object.entries(wanted.devices ?? {}).flatMap(([id, device]) => planDevice(id, device, found)),
    ...planPuts('group', groups, found.groups),
    ...planPuts('filter', Object.entries(wanted.filters ?? {}), found.filters),
    ...planPuts('policy', toBodies(wanted.policies), found.policies, { policy: DEFAULT_POLICY }),
    ...planModels(wanted, found),
  ];
  return {
    kind: 'plan',
    changes: prune ? [...changes, ...planRemovals(wanted, found, groupOrder)] : changes,
  };
}

type Declared =
  | Omit<Site, 'id'>
  | Omit<DeviceGroup, 'id'>
  | Omit<SavedFilter, 'id'>
  | Omit<SavedPolicy, 'id'>;

const PATHS = { site: 'sites', group: 'groups', filter: 'filters', policy: 'policies' } as const;

const toBodies = (policies: FleetFile['policies'] = {}): readonly (readonly [string, Declared])[] =>
  Object.entries(policies).map(([id, policy]) => [id, { policy }]);

function planPuts(
  what: keyof typeof PATHS,
  wanted: readonly (readonly [string, Declared])[],
  found: readonly (Declared & { readonly id: string })[],
  /** What a new one is compared with. */
  initial: object = {},
): readonly FleetChange[] {
  return wanted.flatMap(([id, body]) => {
    const { id: _id, ...before } = found.find((one) => one.id === id) ?? { id, ...initial };
    const lines = diffSettings(toDiffed(before), toDiffed(body));
    const isNew = found.every((one) => one.id !== id);
    if (!isNew && lines.length === 0) return [];
    const request = { method: 'PUT' as const, path: `${PATHS[what]}/${encodeURIComponent(id)}`, body };
    return [{ verb: isNew ? ('add' as const) : ('change' as const), what, id, lines, request }];
  });
}

/** Devices of a group as a set: their order says nothing. */
const toDiffed = (thing: Declared): object =>
  !('devices' in thing) || thing.devices === undefined
    ? thing
    : { ...thing, devices: Object.fromEntries(thing.devices.map((id) => [id, true])) };

function planDevice(id: string, wanted: WantedDevice, { devices }: FoundFleet): readonly FleetChange[] {
  const before: DeviceMetadata = devices.find((device) => device.id === id)?.metadata ?? {
    tags: [],
    attrs: {},
  };
  const { change, lines } = planMetadata(before, wanted);
  if (lines.length === 0) return [];
  const request = {
    method: 'PATCH' as const,
    path: `devices/${encodeURIComponent(id)}/metadata`,
    body: change,
  };
  return [{ verb: 'change', what: 'device', id, lines, request }];
}

function planRemovals(
  wanted: FleetFile,
  found: FoundFleet,
  groupOrder: readonly string[],
): readonly FleetChange[] {
  const gone = (all: readonly { readonly id: string }[], kept: object | undefined): readonly string[] =>
    kept === undefined ? [] : all.map(({ id }) => id).filter((id) => !Object.hasOwn(kept, id));
  const groups = gone(found.groups, wanted.groups).toSorted(
    (one, other) => groupOrder.indexOf(other) - groupOrder.indexOf(one),
  );
  const remove =
    (what: keyof typeof PATHS) =>
    (id: string): FleetChange => ({
      ...{ verb: 'remove', what, id, lines: [] },
      request: { method: 'DELETE', path: `${PATHS[what]}/${encodeURIComponent(id)}` },
    });
  return [
    ...gone(found.policies, wanted.policies).map(remove('policy')),
    ...gone(found.filters, wanted.filters).map(remove('filter')),
    ...groups.map(remove('group')),
    ...gone(found.sites, wanted.sites).map(remove('site')),
  ];
}
