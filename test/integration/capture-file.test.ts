import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FramePlan } from '../../agent/src/capture/port.ts';
import { type ClipFolder, createClipFolder, frameNumberOf } from '../support/camera-clips.ts';
import { rgbOf, SMALL, watchCamera } from '../support/camera-session.ts';
import { until } from '../support/until.ts';

let clips: ClipFolder;
before(async () => {
  clips = await createClipFolder();
});
after(() => clips.remove());

const pixel = (rgb: Uint8Array, plan: FramePlan, x: number, y: number): readonly number[] =>
  [...rgb.subarray((y * plan.width + x) * 3)].slice(0, 3);

function assertColour(actual: readonly number[], red: boolean): void {
  const [r = 0, , b = 0] = actual;
  assert.ok(red ? r > 200 && b < 60 : b > 200 && r < 60, `${actual} is not ${red ? 'red' : 'blue'}`);
}

test('a squashed frame has the plan’s size and shows the whole picture', async () => {
  await using session = await watchCamera({ file: await clips.halves(2), fps: 5 });
  const frame = await session.frame();
  const rgb = rgbOf(frame);
  assert.equal(frame.cameraId, 'cam-1');
  assert.equal(rgb.length, 32 * 18 * 3);
  assertColour(pixel(rgb, SMALL, 2, 9), true);
  assertColour(pixel(rgb, SMALL, 29, 9), false);
});

for (const shortestEdge of [undefined, 24]) {
  test(`a covering frame is cut out of the middle (shortest edge ${shortestEdge ?? 'free'})`, async () => {
    const plan: FramePlan = {
      width: 16,
      height: 16,
      fit: 'cover',
      scaleFlags: 'bicubic',
      ...(shortestEdge !== undefined && { shortestEdge }),
    };
    await using session = await watchCamera({ file: await clips.halves(2), fps: 5 }, { plan });
    const rgb = rgbOf(await session.frame());
    assert.equal(rgb.length, 16 * 16 * 3);
    assertColour(pixel(rgb, plan, 2, 8), true);
    assertColour(pixel(rgb, plan, 13, 8), false);
  });
}

test('a recording gives each frame at its exact position, then ends and is not opened again', async () => {
  await using session = await watchCamera({ file: await clips.numbered(2), fps: 5 });
  const positions: (number | undefined)[] = [];
  for (let index = 0; index < 10; index += 1) {
    const frame = await session.frame();
    positions.push(frame.mediaMs);
    assert.equal(frame.sequence, index + 1);
    assert.equal(frameNumberOf(rgbOf(frame)), index * 5);
  }
  assert.deepEqual(positions, [0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800]);
  assert.equal(await session.camera.nextFrame(AbortSignal.timeout(20_000)), undefined);
  await session.sees('CAMERA_ENDED');
  assert.equal(session.camera.health().condition, 'disabled');
  assert.deepEqual(session.camera.counters(), { captured: 10, skipped: 0, reconnects: 0 });
});

test('a recording in a loop plays again without a reconnect, its positions begin again', async () => {
  await using session = await watchCamera({ file: await clips.numbered(1), fps: 5, loop: true });
  const positions: (number | undefined)[] = [];
  for (let index = 0; index < 12; index += 1) positions.push((await session.frame()).mediaMs);
  assert.deepEqual(positions, [0, 200, 400, 600, 800, 0, 200, 400, 600, 800, 0, 200]);
  assert.equal(session.camera.counters().reconnects, 0);
  assert.equal(session.camera.health().condition, 'online');
});

test('when the consumer is slow it gets the newest frame, and the others are counted', async () => {
  await using session = await watchCamera({ file: await clips.numbered(2), fps: 10 });
  await session.sees('CAMERA_ENDED');
  const frame = await session.frame();
  assert.equal(frame.sequence, 20);
  assert.deepEqual(session.camera.counters(), { captured: 20, skipped: 19, reconnects: 0 });
});

test('a picture for people is a JPEG', async () => {
  await using session = await watchCamera({ file: await clips.halves(2) });
  await until('there is a picture', () => session.camera.latestPicture() !== undefined);
  const jpeg = session.camera.latestPicture() ?? new Uint8Array();
  assert.deepEqual([...jpeg.subarray(0, 2), ...jpeg.subarray(-2)], [0xff, 0xd8, 0xff, 0xd9]);
});

test('a camera without a model still gives pictures and health', async () => {
  await using session = await watchCamera({ file: await clips.halves(2) }, { plan: 'none' });
  await session.sees('online');
  await until('there is a picture', () => session.camera.latestPicture() !== undefined);
});

test('a missing file is CAMERA_NOT_FOUND and is tried again', async () => {
  await using session = await watchCamera({ file: join(clips.path, 'missing.mp4') });
  const health = await session.sees('CAMERA_NOT_FOUND');
  assert.equal(health.condition, 'offline');
  assert.match(health.detail ?? '', /missing\.mp4: No such file/);
  await until('it is opened again', () => session.camera.counters().reconnects > 1);
});

test('a long text, which ffmpeg would paint on a screen, is CAMERA_FORMAT', async () => {
  const file = join(clips.path, 'long.mp4');
  await writeFile(file, 'a line of text\n'.repeat(2_000));
  await using session = await watchCamera({ file });
  assert.equal((await session.sees('CAMERA_FORMAT')).condition, 'offline');
});

test('a file that is no video is CAMERA_FORMAT', async () => {
  const file = join(clips.path, 'notes.mp4');
  await writeFile(file, 'no video at all\n'.repeat(200));
  await using session = await watchCamera({ file, loop: true });
  assert.equal((await session.sees('CAMERA_FORMAT')).condition, 'offline');
});

test('when ffmpeg is not installed, the camera says so', async () => {
  await using session = await watchCamera(
    { file: await clips.halves(2) },
    { ffmpegPath: '/nonexistent/ffmpeg' },
  );
  const health = await session.sees('CAPTURE_FAILED');
  assert.match(health.detail ?? '', /cannot run ffmpeg: .*ENOENT/);
});
