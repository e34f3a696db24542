import type { DeviceMetadata, MetadataChange } from '@watchpost/shared/api/targeting.ts';
import type { WantedDevice } from './fleet-file.ts';
import { diffSettings } from './settings-diff.ts';

/** What has to change about a device so that it is as wanted; no lines when nothing has to. */
export function planMetadata(
  before: DeviceMetadata,
  wanted: WantedDevice,
): { readonly change: MetadataChange; readonly lines: readonly string[] } {
  const { site = before.site ?? null, tags = before.tags, attrs = before.attrs } = wanted;
  const lines = diffSettings(
    toDiffed(before),
    toDiffed({ ...(site !== null && { site }), tags: [...tags], attrs }),
  );
  const change = {
    ...(site !== (before.site ?? null) && { site }),
    ...diffTags(before.tags, tags),
    ...diffAttributes(before.attrs, attrs),
  };
  return { change, lines };
}

/** Tags as a set: their order says nothing. Neither does an empty list. */
const toDiffed = ({ site, tags, attrs }: DeviceMetadata): object => ({
  ...(site !== undefined && { site }),
  ...(tags.length > 0 && { tags: Object.fromEntries(tags.map((tag) => [tag, true])) }),
  ...(Object.keys(attrs).length > 0 && { attrs }),
});

function diffTags(before: readonly string[], after: readonly string[]): Pick<MetadataChange, 'tags'> {
  const add = after.filter((tag) => !before.includes(tag));
  const remove = before.filter((tag) => !after.includes(tag));
  if (add.length === 0 && remove.length === 0) return {};
  return { tags: { ...(add.length > 0 && { add }), ...(remove.length > 0 && { remove }) } };
}

function diffAttributes(
  before: DeviceMetadata['attrs'],
  after: DeviceMetadata['attrs'],
): Pick<MetadataChange, 'attrs'> {
  const set = Object.entries(after).filter(
    ([name, value]) => !Object.hasOwn(before, name) || before[name] !== value,
  );
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  if (set.length === 0 && gone.length === 0) return {};
  return { attrs: Object.fromEntries([...set, ...gone.map((name) => [name, null] as const)]) };
}
