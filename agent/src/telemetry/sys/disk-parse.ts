import type { Sample } from '../port.ts';
import { parseNumber } from './parse-number.ts';

type Disk = Sample['disk'];

/** What a folder lies on. */
export interface Mount {
  /** `major:minor` of the block device; major 0 where there is none of its own (overlay, btrfs). */
  readonly device: string;
  /** As it was mounted: `/dev/sda2`, `overlay`. */
  readonly source: string;
}

/** The mount of /proc/self/mountinfo that holds `path`: the deepest, and of those on one place the last. */
export function findMount(mountInfo: string, path: string): Mount | undefined {
  const holds = (point: string): boolean => point === '/' || path === point || path.startsWith(`${point}/`);
  return mountInfo
    .split('\n')
    .flatMap(parseMount)
    .filter(({ point }) => holds(point))
    .reduce<(Mount & { readonly point: string }) | undefined>(
      (deepest, mount) =>
        deepest === undefined || mount.point.length >= deepest.point.length ? mount : deepest,
      undefined,
    );
}

/** `36 35 98:0 /root /point options [optional fields] - type source options`; blanks in names are octal. */
function parseMount(line: string): readonly (Mount & { readonly point: string })[] {
  const [front = '', back = ''] = line.split(' - ');
  const [, , device, , point] = front.split(' ');
  const [, source] = back.split(' ');
  if (device === undefined || point === undefined || source === undefined) return [];
  const text = point.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return [{ device, source, point: text }];
}

/** Field 7 of a block device's `stat` counts sectors, of 512 bytes whatever the device. */
const SECTOR_BYTES = 512;

/** Bytes written to a disk since the machine started, from its `stat`. */
export function parseDiskWrittenBytes(stat: string): number | undefined {
  const sectors = parseNumber(stat.trim().split(/\s+/)[6]);
  return sectors === undefined ? undefined : sectors * SECTOR_BYTES;
}

/** Bytes a process caused to be written, from its /proc/<pid>/io; what was deleted before it reached a disk is taken off. */
export function parseProcessWrittenBytes(io: string): number | undefined {
  const written = parseNumber(/^write_bytes: (\d+)$/m.exec(io)?.[1]);
  const cancelled = parseNumber(/^cancelled_write_bytes: (\d+)$/m.exec(io)?.[1]) ?? 0;
  return written === undefined ? undefined : Math.max(0, written - cancelled);
}

/**
 * `life_time` of an eMMC (JEDEC JESD84-B51, DEVICE_LIFE_TIME_EST_TYP_A and _B): tenths of the rated life that are
 * over, for each of its two kinds of memory; 0x0b is beyond it, 0x00 not told. The worse one counts.
 */
export function parseLifeUsed01(lifeTime: string): number | undefined {
  const tenths = lifeTime
    .trim()
    .split(/\s+/)
    .flatMap((text) => parseNumber(text) ?? [])
    .filter((value) => value >= 1 && value <= 11);
  return tenths.length === 0 ? undefined : Math.max(...tenths) / 10;
}

const END_OF_LIFE: Readonly<Record<number, Disk['endOfLife']>> = { 1: 'normal', 2: 'warning', 3: 'urgent' };

/** `pre_eol_info` of an eMMC: how many of its spare blocks are in use. */
export function parseEndOfLife(preEolInfo: string): Disk['endOfLife'] {
  const value = parseNumber(preEolInfo);
  return value === undefined ? undefined : END_OF_LIFE[value];
}

/** @param type of an MMC device, by its file @param rotational of the queue, by its file */
export function judgeDiskKind(name: string, type: string, rotational: string): Disk['kind'] {
  if (name.startsWith('mmcblk')) return type.trim() === 'SD' ? 'sd' : 'emmc';
  if (rotational.trim() === '') return undefined;
  return rotational.trim() === '1' ? 'rotating' : 'ssd';
}
