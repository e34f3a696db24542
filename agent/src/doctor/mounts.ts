import type { MountFacts } from './diagnose-storage.ts';

/** The mount of /proc/self/mounts that holds `path`: the deepest, and of those on one place the last. */
export function findMount(mounts: string, path: string): MountFacts | undefined {
  const found = mounts
    .split('\n')
    .flatMap(parseLine)
    .filter(({ point }) => point === '/' || path === point || path.startsWith(`${point}/`));
  return found.reduce<MountFacts | undefined>(
    (deepest, mount) =>
      deepest === undefined || mount.point.length >= deepest.point.length ? mount : deepest,
    undefined,
  );
}

function parseLine(line: string): readonly MountFacts[] {
  const [device, point, fsType, options] = line.split(' ').map(decodeOctal);
  if (device === undefined || point === undefined || fsType === undefined || options === undefined) return [];
  return [{ device, point, fsType, isReadOnly: options.split(',').includes('ro') }];
}

/** Blanks and the like are written in octal. */
const decodeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
