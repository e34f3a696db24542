import type { Problem } from '../kernel/parse.ts';
import { isRecord } from './find-problems.ts';
import type { CameraConfig } from './settings.ts';

export const SOURCE_KEYS = [
  'url',
  'stillUrl',
  'device',
  'webcam',
  'file',
  'folder',
] as const satisfies readonly (keyof CameraConfig)[];

/**
 * What the schema cannot say of a list of cameras: one source for each, ids once, no secrets in addresses, and areas that
 * lie in the picture.
 */
export function findCameraProblems(value: unknown): readonly Problem[] {
  const cameras = Array.isArray(value) ? value.filter(isRecord) : [];
  const ids = cameras.map(({ id }) => id);
  return cameras.flatMap((camera, index) => {
    const path = `/cameras/${index}`;
    const sources = SOURCE_KEYS.filter((key) => camera[key] !== undefined);
    const problems: Problem[] = [];
    if (sources.length !== 1) {
      const found = sources.length === 0 ? 'none is given' : `${sources.join(' and ')} are given`;
      problems.push({ path, message: `needs exactly one of ${SOURCE_KEYS.join(', ')}; ${found}` });
    }
    if (camera.id !== undefined && ids.indexOf(camera.id) !== index) {
      problems.push({ path: `${path}/id`, message: 'is the id of another camera too' });
    }
    for (const key of ['url', 'stillUrl'] as const)
      if (/^[a-z]+:\/\/[^/]*@/i.test(String(camera[key])))
        problems.push({ path: `${path}/${key}`, message: 'must not carry a password: use credentialsFile' });
    return [...problems, ...findViewProblems(camera, path)];
  });
}

/** A share may be written with rounded digits. */
const BORDER01 = 1.000_001;

/** What is wrong with the parts of its picture, whatever else the camera is. */
export function findViewProblems(
  camera: Readonly<Record<string, unknown>>,
  path: string,
): readonly Problem[] {
  const recordsOf = (areas: unknown) => (Array.isArray(areas) ? areas.filter(isRecord) : []);
  const [masks, regions] = [recordsOf(camera.masks), recordsOf(camera.regions)];
  const ids = regions.map(({ id }) => id);
  const problems: Problem[] = [];
  for (const [key, areas] of Object.entries({ masks, regions }))
    for (const [at, area] of areas.entries())
      if (!isInside(area))
        problems.push({
          path: `${path}/${key}/${at}`,
          message: 'reaches beyond the picture: position and size add up to 1 at most',
        });
  for (const [at, id] of ids.entries())
    if (ids.indexOf(id) !== at)
      problems.push({ path: `${path}/regions/${at}/id`, message: 'is the id of another region too' });
  if (camera.view === 'motion' && regions.length > 0)
    problems.push({
      path: `${path}/view`,
      message: 'motion looks for what moves in the whole picture: give no regions, or masks',
    });
  return problems;
}

function isInside({ x01, y01, width01, height01 }: Readonly<Record<string, unknown>>): boolean {
  return Number(x01) + Number(width01) <= BORDER01 && Number(y01) + Number(height01) <= BORDER01;
}
