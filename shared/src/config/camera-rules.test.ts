import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCameraProblems } from './camera-rules.ts';

const area = (x01: number, y01: number, width01: number, height01: number) => ({
  x01,
  y01,
  width01,
  height01,
});
const CAMERA = { id: 'gate', url: 'rtsp://camera/1' };

const TABLE: readonly (readonly [string, object, readonly string[]])[] = [
  [
    'areas in the picture',
    { masks: [area(0.3, 0.7, 0.7, 0.3)], regions: [{ id: 'a', ...area(0, 0, 1, 1) }] },
    [],
  ],
  [
    'a mask beyond the right side',
    { masks: [area(0, 0, 1, 1), area(0.5, 0, 0.6, 1)] },
    ['/cameras/0/masks/1'],
  ],
  [
    'a region beyond the bottom',
    { regions: [{ id: 'a', ...area(0, 0.5, 1, 0.6) }] },
    ['/cameras/0/regions/0'],
  ],
  [
    'two regions of one id',
    { regions: [area(0, 0, 0.5, 1), area(0.5, 0, 0.5, 1)].map((one) => ({ id: 'a', ...one })) },
    ['/cameras/0/regions/1/id'],
  ],
  ['squares around what moves', { view: 'motion', masks: [area(0, 0, 1, 0.1)] }, []],
  [
    'such squares in regions',
    { view: 'motion', regions: [{ id: 'a', ...area(0, 0, 1, 1) }] },
    ['/cameras/0/view'],
  ],
  ['no source', { url: undefined }, ['/cameras/0']],
  ['two sources', { file: 'walk.mp4' }, ['/cameras/0']],
  ['a password in the address', { url: 'rtsp://ann:secret@camera/1' }, ['/cameras/0/url']],
];
for (const [name, changed, paths] of TABLE) {
  test(`${name}: ${paths.length === 0 ? 'no problem' : `a problem at ${paths}`}`, () => {
    assert.deepEqual(
      findCameraProblems([{ ...CAMERA, ...changed }]).map(({ path }) => path),
      paths,
    );
  });
}

test('an id is for one camera', () => {
  assert.deepEqual(
    findCameraProblems([CAMERA, { ...CAMERA, url: 'rtsp://camera/2' }]).map(({ path }) => path),
    ['/cameras/1/id'],
  );
});

test('what the schema refuses anyway is no problem twice', () => {
  assert.deepEqual(findCameraProblems(undefined), []);
  assert.deepEqual(findCameraProblems([{ ...CAMERA, masks: 'none', regions: [7] }]), []);
});
