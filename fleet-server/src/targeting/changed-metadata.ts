import {
  type DeviceMetadata,
  MAX_ATTRIBUTES,
  MAX_TAGS,
  type MetadataChange,
} from '@watchpost/shared/api/targeting.ts';
import { serverError } from '../kernel/errors.ts';

/**
 * What is said of a device after a change: what the change leaves out stays, `null` takes away.
 * @throws AppError REQUEST_INVALID when there would be too much of something
 */
export function changeMetadata(
  before: DeviceMetadata,
  { site = before.site, tags = {}, attrs = {} }: MetadataChange,
): DeviceMetadata {
  const removed = new Set(tags.remove);
  const kept = [...before.tags, ...(tags.add ?? [])].filter((tag) => !removed.has(tag));
  const after = {
    ...(site !== null && site !== undefined && { site }),
    tags: [...new Set(kept)].sort(),
    attrs: mergeAttributes(before.attrs, attrs),
  };
  requireAtMost(MAX_TAGS, after.tags.length, 'tags');
  requireAtMost(MAX_ATTRIBUTES, Object.keys(after.attrs).length, 'attributes');
  return after;
}

function mergeAttributes(
  before: DeviceMetadata['attrs'],
  change: NonNullable<MetadataChange['attrs']>,
): DeviceMetadata['attrs'] {
  const merged: readonly (readonly [string, DeviceMetadata['attrs'][string] | null])[] = Object.entries({
    ...before,
    ...change,
  });
  const kept = merged.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
  return Object.fromEntries(kept.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function requireAtMost(limit: number, count: number, what: string): void {
  if (count > limit)
    throw serverError('REQUEST_INVALID', `a device has at most ${limit} ${what}, this would make ${count}`);
}
