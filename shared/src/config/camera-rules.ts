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

function findViewProblems(camera: Readonly<Record<string, unknown>>, path: string): readonly Problem[] {
  const recordsOf = (areas: unknown) => (Array.isArray(areas) ? areas.filter(isRecord) : []);
  const [masks, regions] = [recordsOf(camera.masks), recordsOf(camera.regions)];
  const beyond = Object.entries({ masks, regions }).flatMap(([key, areas]) =>
    areas.flatMap((area, at) => (isInside(area) ? [] : [`${path}/${key}/${at}`])),
  );
  const ids = regions.map(({ id }) => id);
  const twice = regions.flatMap(({ id }, at) => (ids.indexOf(id) === at ? [] : [`${path}/regions/${at}/id`]));
  const isRefused = camera.view === 'motion' && regions.length > 0;
  return [
    ...beyond.map((at) => ({
      path: at,
      message: 'reaches beyond the picture: position and size add up to 1 at most',
    })),
    ...twice.map((at) => ({ path: at, message: 'is the id of another region too' })),
    ...(isRefused
      ? [
          {
            path: `${path}/view`,
            message: 'motion looks for what moves in the whole picture: give no regions, or masks',
          },
        ]
      : []),
  ];
}

function isInside({ x01, y01, width01, height01 }: Readonly<Record<string, unknown>>): boolean {
  return Number(x01) + Number(width01) <= BORDER01 && Number(y01) + Number(height01) <= BORDER01;
}
