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

/** What the schema cannot say of a list of cameras: one source for each, ids once, no secrets in addresses. */
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
    if (/^[a-z]+:\/\/[^/]*@/i.test(String(camera.url))) {
      problems.push({ path: `${path}/url`, message: 'must not carry a password: use credentialsFile' });
    }
    return problems;
  });
}
