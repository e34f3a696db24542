/** A condition on devices: `site == "bcn-1" and attrs.poe == true and not (tag:lab or group:pilot)`. */
export type Filter =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter }
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'has'; readonly field: string }
  | {
      readonly kind: 'compare';
      readonly field: string;
      readonly operator: Comparison;
      readonly value: FilterValue;
    }
  | { readonly kind: 'in'; readonly field: string; readonly values: readonly FilterValue[] };

export type FilterValue = string | number | boolean;

/** `~` matches a pattern in which `*` stands for any text. */
export const COMPARISONS = ['==', '!=', '<=', '>=', '<', '>', '~'] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** Fields every device has; others are its own, below `attrs.`. */
export const DEVICE_FIELDS = [
  'id',
  'site',
  'board',
  'arch',
  'cores',
  'memoryBytes',
  'agentVersion',
  'model',
  'version',
  'connection',
  'state',
  'timezone',
] as const;
export type DeviceField = (typeof DEVICE_FIELDS)[number];

/** What a filter sees of a device; a field that is not known is absent. */
export interface FilteredDevice extends Readonly<Partial<Record<DeviceField, FilterValue>>> {
  readonly tags: readonly string[];
  /** Ids of the device groups it is in; absent counts as none. */
  readonly groups?: readonly string[];
  readonly attrs: Readonly<Record<string, FilterValue>>;
}

/** The filter in its own language; `parseFilter` gives the same filter back. */
export function formatFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'all':
      return filter.of.map((part) => enclose(part, part.kind === 'any' || part.kind === 'all')).join(' and ');
    case 'any':
      return filter.of.map((part) => enclose(part, part.kind === 'any')).join(' or ');
    case 'not':
      return `not ${enclose(filter.of, filter.of.kind === 'all' || filter.of.kind === 'any')}`;
    case 'tag':
      return `tag:${filter.tag}`;
    case 'group':
      return `group:${filter.group}`;
    case 'has':
      return `has ${filter.field}`;
    case 'compare':
      return `${filter.field} ${filter.operator} ${JSON.stringify(filter.value)}`;
    case 'in':
      return `${filter.field} in (${filter.values.map((value) => JSON.stringify(value)).join(', ')})`;
  }
}

const enclose = (filter: Filter, isNeeded: boolean): string =>
  isNeeded ? `(${formatFilter(filter)})` : formatFilter(filter);

/** Every group a filter speaks of, each once. */
export function listGroupsOf(filter: Filter): readonly string[] {
  switch (filter.kind) {
    case 'all':
    case 'any':
      return [...new Set(filter.of.flatMap(listGroupsOf))];
    case 'not':
      return listGroupsOf(filter.of);
    case 'group':
      return [filter.group];
    default:
      return [];
  }
}
