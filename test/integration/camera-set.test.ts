import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { type CameraSet, createCameraSet } from '../../agent/src/camera-set.ts';
import { createFfmpegCamera } from '../../agent/src/capture/ffmpeg-camera.ts';
import type { Camera } from '../../agent/src/capture/port.ts';
import type { CameraConfig } from '../../agent/src/config/schema.ts';
import { silentLogger } from '../../shared/src/kernel/log.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { cameraConfig, SHORT_LIMITS, SMALL } from '../support/camera-session.ts';
import { captureChildren } from '../support/capture-children.ts';
import { isAlive } from '../support/child-processes.ts';
import { until } from '../support/until.ts';

let clips: ClipFolder;
let clip = '';
let other = '';
before(async () => {
  clips = await createClipFolder();
  [clip, other] = [await clips.halves(20), await clips.numbered(2)];
});
after(() => clips.remove());

/** Takes every frame of every camera, and keeps their numbers. */
function createWatcher() {
  const sequences = new Map<Camera, number[]>();
  const retired: string[] = [];
  return {
    retired,
    sequencesOf: (camera: Camera | undefined): readonly number[] => (camera && sequences.get(camera)) ?? [],
    watch: async (camera: Camera) => {
      const seen: number[] = [];
      sequences.set(camera, seen);
      const never = new AbortController().signal;
      for (let frame = await camera.nextFrame(never); frame; frame = await camera.nextFrame(never))
        seen.push(frame.sequence);
    },
    retire: (id: string) => void retired.push(id),
  };
}

async function startSet(t: TestContext, cameras: readonly CameraConfig[]) {
  const openCamera = createFfmpegCamera({
    logger: silentLogger,
    nowMs: () => performance.now(),
    random01: () => 0.5,
    limits: SHORT_LIMITS,
  });
  const set = createCameraSet({ cameras, open: (config) => openCamera(config, SMALL), log: silentLogger });
  const watcher = createWatcher();
  set.watchWith(watcher);
  await set.start(new AbortController().signal);
  t.after(() => set.stop());
  return { set, watcher };
}

const find = (set: CameraSet, id: string): Camera | undefined =>
  set.list().find((camera) => camera.id === id);
const isOnline = (set: CameraSet, id: string): boolean => find(set, id)?.health().condition === 'online';
const loop = (id: string, change: Partial<CameraConfig> = {}) =>
  cameraConfig({ id, file: clip, loop: true, ...change });

/** Of the ffmpeg that plays at this pace: every camera of a test has one of its own. */
async function pidOf(fps: number): Promise<number> {
  const child = (await captureChildren()).find(({ commandLine }) => commandLine.includes(`fps=${fps}:`));
  assert.ok(child, `an ffmpeg at ${fps} fps`);
  return child.pid;
}

test('while one camera is replaced, every frame of the other one comes, from the same process', async (t) => {
  const { set, watcher } = await startSet(t, [loop('a', { fps: 7 }), loop('b', { fps: 9 })]);
  await until('both are online', () => isOnline(set, 'a') && isOnline(set, 'b'));
  const [a, b] = [find(set, 'a'), find(set, 'b')];
  const [pidA, pidB] = [await pidOf(7), await pidOf(9)];
  const before = watcher.sequencesOf(b).length;
  await set.apply([loop('a', { fps: 6, file: other }), loop('b', { fps: 9 })]);
  await until('the new one is online', () => isOnline(set, 'a'));
  await until('frames of b', () => watcher.sequencesOf(b).length > before + 10);
  assert.equal(find(set, 'b'), b);
  assert.notEqual(find(set, 'a'), a);
  assert.equal(await pidOf(9), pidB);
  assert.equal(isAlive(pidA), false);
  const numbers = watcher.sequencesOf(b);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => (numbers[0] ?? 0) + index),
    'no gap',
  );
  assert.equal(b?.counters().reconnects, 0);
  assert.deepEqual(watcher.retired, []);
});

test('cameras come and go; one that goes is stopped before it is said to be gone', async (t) => {
  const { set, watcher } = await startSet(t, [loop('a', { fps: 7 })]);
  await until('it is online', () => isOnline(set, 'a'));
  const pid = await pidOf(7);
  const changes: (readonly string[])[] = [];
  set.onChange(() => changes.push(set.list().map(({ id }) => id)));
  await set.apply([loop('a', { fps: 7 })]);
  await set.apply([loop('c', { fps: 8 })]);
  assert.equal(isAlive(pid), false);
  assert.deepEqual(watcher.retired, ['a']);
  assert.deepEqual(changes, [['c']], 'told once, when there is something to tell');
  assert.deepEqual(
    set.configs().map(({ id }) => id),
    ['c'],
  );
  await until('the new one is online', () => isOnline(set, 'c'));
  await set.apply([]);
  assert.deepEqual([set.list(), await captureChildren()], [[], []]);
  await set.apply([loop('a', { fps: 7 })]);
  await until('the old one is online again', () => isOnline(set, 'a'));
});

test('a camera that is restarted is another one in its place; the others go on', async (t) => {
  const { set, watcher } = await startSet(t, [loop('a', { fps: 7 }), loop('b', { fps: 9 })]);
  await until('both are online', () => isOnline(set, 'a') && isOnline(set, 'b'));
  const [a, b] = [find(set, 'a'), find(set, 'b')];
  const [pidA, pidB] = [await pidOf(7), await pidOf(9)];
  await set.restart('a');
  await set.restart('nobody');
  await until('it is online again', () => isOnline(set, 'a'));
  assert.notEqual(find(set, 'a'), a);
  assert.equal(find(set, 'b'), b);
  assert.deepEqual([isAlive(pidA), await pidOf(9)], [false, pidB]);
  assert.deepEqual(
    set.list().map(({ id }) => id),
    ['a', 'b'],
  );
  assert.deepEqual(watcher.retired, []);
  await until('its frames are taken', () => watcher.sequencesOf(find(set, 'a')).length > 3);
});

test('changes asked for together are made one after the other, and none after the stop', async (t) => {
  const { set } = await startSet(t, [loop('a', { fps: 7 })]);
  const changes = [
    [loop('a', { fps: 6 })],
    [loop('b', { fps: 9 })],
    [loop('b', { fps: 9 }), loop('c', { fps: 8 })],
  ];
  await Promise.all(changes.map((cameras) => set.apply(cameras)));
  assert.deepEqual(
    set.list().map(({ id }) => id),
    ['b', 'c'],
  );
  await set.stop();
  await set.apply([loop('d')]);
  assert.deepEqual(
    set.list().map(({ id }) => id),
    ['b', 'c'],
  );
  assert.deepEqual(await captureChildren(), []);
});
