import type { GroupPlan, GroupSpec } from '@watchpost/shared/api/rollouts.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';

export interface PlannedDevice {
  readonly id: string;
  readonly site?: string | undefined;
}

export interface PlannedGroup {
  readonly name: string;
  /** In the order in which they are taken. */
  readonly deviceIds: readonly string[];
}

/** Percents of all devices reached after each generated group. */
export const DEFAULT_CANARY = [1, 5, 25, 100] as const;

/**
 * Cuts the devices into groups, in an order drawn by `seed` in which every stretch has its share of every site: a
 * canary of 1 % is not 1 % of one town. The order of `devices` does not matter. Who no group takes is in a last group;
 * groups that would be empty are left out, but there is always one.
 * @param matches for each entry of a list: who meets its filter
 */
export function planGroups(
  devices: readonly PlannedDevice[],
  plan: GroupPlan,
  seed: string,
  matches: readonly (ReadonlySet<string> | undefined)[] = [],
): readonly PlannedGroup[] {
  const ordered = drawOrder(devices, seed);
  const groups =
    'canary' in plan ? cutByShares(ordered, plan.canary) : cutByList(ordered, plan.list, matches);
  const full = groups.filter(({ deviceIds }) => deviceIds.length > 0);
  return full.length > 0 ? full : [{ name: 'all', deviceIds: [] }];
}

/** Systematic sampling: device k of n of a site comes at (k + a drawn fraction) / n. */
export function drawOrder(devices: readonly PlannedDevice[], seed: string): readonly string[] {
  const places = [...Map.groupBy(devices, ({ site = '' }) => site)].flatMap(([site, those]) => {
    const offset = drawFraction(`${seed}/site/${site}`);
    return those
      .map(({ id }) => ({ id, drawn: sha256Hex(`${seed}/device/${id}`) }))
      .sort((one, other) => (one.drawn < other.drawn ? -1 : 1))
      .map(({ id, drawn }, index) => ({ id, drawn, at: (index + offset) / those.length }));
  });
  return places
    .sort((one, other) => one.at - other.at || (one.drawn < other.drawn ? -1 : 1))
    .map(({ id }) => id);
}

const drawFraction = (text: string): number => Number.parseInt(sha256Hex(text).slice(0, 12), 16) / 16 ** 12;

/** A share of few devices is one device at least: a canary of nobody says nothing. */
const shareOf = (total: number, percent: number): number => Math.ceil((total * percent) / 100 - 1e-9);

function cutByShares(ordered: readonly string[], percents: readonly number[]): readonly PlannedGroup[] {
  const ends = [...percents, 100].map((percent) => shareOf(ordered.length, percent));
  return ends.map((endIndex, index) => ({
    name: index < percents.length ? `${percents[index]} %` : 'the rest',
    deviceIds: ordered.slice(Math.max(0, ...ends.slice(0, index)), endIndex),
  }));
}

function cutByList(
  ordered: readonly string[],
  list: readonly GroupSpec[],
  matches: readonly (ReadonlySet<string> | undefined)[],
): readonly PlannedGroup[] {
  const left = new Set(ordered);
  const groups = list.map((spec, index): PlannedGroup => {
    const limit =
      spec.count ?? (spec.percent === undefined ? left.size : shareOf(ordered.length, spec.percent));
    const isMeant = (id: string): boolean => spec.filter === undefined || (matches[index]?.has(id) ?? false);
    const deviceIds = [...left].filter(isMeant).slice(0, limit);
    for (const id of deviceIds) left.delete(id);
    return { name: spec.name ?? nameOf(spec), deviceIds };
  });
  return [...groups, { name: 'the rest', deviceIds: [...left] }];
}

function nameOf({ count, percent, filter }: GroupSpec): string {
  const share = count === undefined ? (percent === undefined ? '' : `${percent} %`) : `${count} devices`;
  return [share, filter].filter((part) => part !== undefined && part !== '').join(' of ') || 'all';
}
