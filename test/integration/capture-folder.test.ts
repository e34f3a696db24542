import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { FramePlan } from '../../agent/src/capture/port.ts';
import type { CameraConfig } from '../../agent/src/config/schema.ts';
import { type ClipFolder, createClipFolder, frameNumberOf } from '../support/camera-clips.ts';
import { rgbOf, SMALL, viewFrame, watchCamera } from '../support/camera-session.ts';
import { captureChildren } from '../support/capture-children.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
/** More than fits into a pipe. */
const LARGE: FramePlan = { width: 300, height: 300, fit: 'squash', scaleFlags: 'area' };
const TINY: FramePlan = { width: 8, height: 8, fit: 'squash', scaleFlags: 'area' };

let clips: ClipFolder;
before(async () => {
  clips = await createClipFolder();
});
after(() => clips.remove());

async function paint(file: string, grey: number, size: string): Promise<void> {
  const source = `color=0x${grey.toString(16).repeat(3)}:s=${size}`;
  await run('ffmpeg', [
    '-v',
    'error',
    '-nostdin',
    '-y',
    '-f',
    'lavfi',
    '-i',
    source,
    '-frames:v',
    '1',
    '-q:v',
    '2',
    file,
  ]);
}

/** Three pictures of different sizes, a broken one, a video of five frames at 5 fps, a broken one, a picture. */
async function mixedFolder(): Promise<string> {
  const folder = join(clips.path, "it's mixed");
  await mkdir(folder, { recursive: true });
  await paint(join(folder, '1 first.jpg'), 0x40, '64x36');
  await paint(join(folder, '2.jpg'), 0x80, '320x240');
  await paint(join(folder, '10.jpeg'), 0xc0, '36x64');
  await copyFile(await clips.numbered(1), join(folder, '20.mp4'));
  await writeFile(join(folder, '30.mp4'), 'this is no video');
  await paint(join(folder, '40.png'), 0xe0, '64x64');
  await writeFile(join(folder, 'notes.txt'), 'not played');
  return folder;
}

test('a folder is played in the order of its names, each picture a frame, at exact positions', async () => {
  const folder = await mixedFolder();
  await using session = await watchCamera({ folder, fps: 5, pace: 'full' });
  const greys: number[] = [];
  const positions: (number | undefined)[] = [];
  for (let count = 0; count < 9; count += 1) {
    const frame = await session.frame();
    assert.equal(frame.sequence, count + 1);
    positions.push(frame.mediaMs);
    greys.push(count < 3 || count === 8 ? (rgbOf(frame)[0] ?? 0) : frameNumberOf(rgbOf(frame)));
  }
  const near = (actual: number, wanted: number): boolean => Math.abs(actual - wanted) < 4;
  for (const [at, wanted] of [0x40, 0x80, 0xc0, 0, 5, 10, 15, 20, 0xe0].entries())
    assert.ok(near(greys[at] ?? -1, wanted), `frame ${at} is ${greys[at]}, not ${wanted}`);
  assert.deepEqual(positions, [0, 200, 400, 600, 800, 1000, 1200, 1400, 1600]);
  assert.equal(await session.camera.nextFrame(AbortSignal.timeout(20_000)), undefined);
  await session.sees('CAMERA_ENDED');
  assert.deepEqual(session.camera.counters(), { captured: 9, skipped: 0, reconnects: 0 });
});

test('a folder in a loop begins again, with what was put there meanwhile', async () => {
  const folder = join(clips.path, 'growing');
  await mkdir(folder);
  await paint(join(folder, 'b.jpg'), 0x40, '64x36');
  await paint(join(folder, 'c.jpg'), 0x80, '64x36');
  await using session = await watchCamera({ folder, fps: 10, pace: 'full', loop: true });
  await session.frame();
  await paint(join(folder, 'a.jpg'), 0xc0, '64x36');
  const seen: number[] = [];
  for (let count = 0; count < 40 && seen.filter((position) => position === 200).length < 2; count += 1)
    seen.push((await session.frame()).mediaMs ?? -1);
  assert.ok(seen.includes(200), `${seen}`);
  assert.equal(session.camera.counters().reconnects, 0);
});

test('a single picture in a loop comes at the pace of the camera, not as fast as it can be opened', async () => {
  const folder = join(clips.path, 'single');
  await mkdir(folder);
  await paint(join(folder, 'a.jpg'), 0x80, '64x36');
  await using session = await watchCamera({ folder, fps: 2, loop: true });
  const times: number[] = [];
  while (times.length < 4) times.push((await session.frame()).capturedAtMs);
  const gaps = times.slice(1).map((atMs, at) => atMs - (times[at] ?? 0));
  assert.ok(
    gaps.every((gapMs) => gapMs > 490),
    `${gaps}`,
  );
});

test('a folder that is missing, or holds nothing to play, says so and is looked at again', async () => {
  await using missing = await watchCamera({ folder: join(clips.path, 'absent') });
  assert.match((await missing.sees('CAMERA_NOT_FOUND')).detail ?? '', /folder .*absent/);
  const folder = join(clips.path, 'empty');
  await mkdir(folder);
  await using empty = await watchCamera({ folder, fps: 5 });
  assert.match((await empty.sees('CAMERA_FORMAT')).detail ?? '', /holds no video and no picture/);
  await paint(join(folder, 'a.png'), 0x40, '64x36');
  await until('it is played', () => empty.camera.counters().captured > 0);
  await rm(folder, { recursive: true });
});

test('a folder that begins with broken files goes on behind them; one of broken files alone has failed', async () => {
  const folder = join(clips.path, 'broken');
  await mkdir(folder);
  for (const name of ['1.mp4', '2.mp4']) await writeFile(join(folder, name), 'this is no video');
  await using broken = await watchCamera({ folder, fps: 5, pace: 'full' });
  await broken.sees('CAMERA_FORMAT');
  await paint(join(folder, '3.jpg'), 0x80, '64x36');
  await using session = await watchCamera({ folder, fps: 5, pace: 'full' });
  assert.equal((await session.frame()).mediaMs, 0);
  assert.equal(await session.camera.nextFrame(AbortSignal.timeout(20_000)), undefined);
  await session.sees('CAMERA_ENDED');
});

/** Its video is of a kind that no ffmpeg knows. */
async function unknownVideo(file: string): Promise<void> {
  const bytes = (await readFile(await clips.numbered(1))).toString('latin1');
  await writeFile(file, bytes.replaceAll('avc1', 'zzz1').replaceAll('avcC', 'zzzC'), 'latin1');
}

const UNPLAYABLE: Readonly<Record<string, (file: string) => Promise<void>>> = {
  'cannot be decoded here': unknownVideo,
  'cannot be opened': (file) => symlink(file, file),
};
for (const [what, make] of Object.entries(UNPLAYABLE))
  test(`a file of a folder that ${what} is left out, and what is behind it is played`, async () => {
    const folder = join(clips.path, what);
    await mkdir(folder);
    await paint(join(folder, '1.jpg'), 0x40, '64x36');
    await make(join(folder, '2.mp4'));
    await paint(join(folder, '3.jpg'), 0x80, '64x36');
    await using session = await watchCamera({ folder, fps: 5, pace: 'full' });
    assert.deepEqual([(await session.frame()).mediaMs, (await session.frame()).mediaMs], [0, 200]);
    assert.equal(await session.camera.nextFrame(AbortSignal.timeout(20_000)), undefined);
    await session.sees('CAMERA_ENDED');
    assert.equal(session.camera.counters().reconnects, 0);
  });

/** The pictures seen of a folder of eight, when some of it were broken; each has a grey of its own. */
async function playPictures(name: string, breakIt: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(clips.path, name);
  await mkdir(folder);
  for (let at = 1; at <= 8; at += 1) await paint(join(folder, `it's ${at}.jpg`), at * 0x11, '64x36');
  await breakIt(folder);
  await using session = await watchCamera({ folder, fps: 5, pace: 'full' }, { plan: TINY });
  const seen: number[] = [];
  for (;;) {
    const frame = await session.camera.nextFrame(AbortSignal.timeout(20_000));
    if (frame === undefined) break;
    assert.equal(frame.mediaMs, seen.length * 200);
    seen.push(Math.round((rgbOf(await viewFrame(frame))[0] ?? 0) / 0x11));
  }
  await session.sees('CAMERA_ENDED');
  assert.equal(session.camera.counters().reconnects, 0);
  return seen.join(' ');
}

const BREAKS: readonly (readonly [string, (folder: string) => Promise<void>, string])[] = [
  ['is empty', (folder) => writeFile(join(folder, "it's 4.jpg"), ''), '1 2 3 5 6 7 8'],
  ['was taken away', (folder) => vanish(join(folder, "it's 4.jpg")), '1 2 3 5 6 7 8'],
  ['is the first', (folder) => writeFile(join(folder, "it's 1.jpg"), ''), '2 3 4 5 6 7 8'],
  ['is the last', (folder) => writeFile(join(folder, "it's 8.jpg"), ''), '1 2 3 4 5 6 7'],
  [
    'is not alone',
    async (folder) => {
      for (const at of [3, 4, 6]) await vanish(join(folder, `it's ${at}.jpg`));
    },
    '1 2 5 7 8',
  ],
];
for (const [what, breakIt, seen] of BREAKS)
  test(`a picture that cannot be opened and ${what}: those behind it are played`, async () => {
    assert.equal(await playPictures(what, breakIt), seen);
  });

/** A name that is listed, and leads nowhere. */
async function vanish(file: string): Promise<void> {
  await rm(file);
  await symlink('/nonexistent', file);
}

test('a recording at full speed waits for who takes its frames: none is skipped, however slow they are', async () => {
  const file = await clips.numbered(2);
  // So slow that a stream which is not waited for would count as silent.
  const limits = { stallMs: 300, stallIntervals: 1, tickMs: 20 };
  await using session = await watchCamera({ file, fps: 25, pace: 'full' }, { plan: TINY, limits });
  for (let index = 0; index < 50; index += 1) {
    const frame = await session.frame();
    if (index % 20 === 5) await delay(700);
    assert.equal(frameNumberOf(rgbOf(frame)), index);
    assert.equal(frame.mediaMs, index * 40);
  }
  assert.equal(await session.camera.nextFrame(AbortSignal.timeout(20_000)), undefined);
  assert.deepEqual(session.camera.counters(), { captured: 50, skipped: 0, reconnects: 0 });
});

test('at full speed a recording is read faster than it was recorded', async () => {
  await using session = await watchCamera({ file: await clips.halves(20), fps: 10, pace: 'full' });
  const startedMs = performance.now();
  for (let index = 0; index < 200; index += 1) await session.frame();
  const tookSec = (performance.now() - startedMs) / 1000;
  // A file of 20 s; at real time it cannot be read in less.
  assert.ok(tookSec < 15, `${tookSec} s`);
});

/** What is seen of a recording whose ffmpeg is killed at its twentieth frame. */
async function playKilled(source: Partial<CameraConfig>): Promise<readonly (number | undefined)[]> {
  await using session = await watchCamera({ ...source, fps: 25, pace: 'full' }, { plan: LARGE });
  const seen: (number | undefined)[] = [];
  for (;;) {
    const frame = await session.camera.nextFrame(AbortSignal.timeout(20_000));
    if (frame === undefined) break;
    assert.equal(frameNumberOf(rgbOf(await viewFrame(frame))), ((frame.mediaMs ?? 0) * 25) / 1000);
    seen.push(frame.mediaMs);
    if (seen.length !== 20) continue;
    for (const { pid } of await captureChildren()) process.kill(pid, 'SIGKILL');
  }
  await session.sees('CAMERA_ENDED');
  assert.equal(session.camera.counters().reconnects, 1);
  return seen;
}

test('a recording whose ffmpeg is lost goes on behind the last frame: none comes twice, none is left out', async () => {
  const folder = join(clips.path, 'lost');
  await mkdir(folder);
  const file = join(folder, '2.mp4');
  await copyFile(await clips.numbered(2), file);
  const wanted = Array.from({ length: 50 }, (_, index) => index * 40);
  assert.deepEqual(await playKilled({ file }), wanted);
  assert.deepEqual(await playKilled({ folder }), wanted);
});

test('other plans at full speed: every frame comes once, at its position', async () => {
  const file = await clips.numbered(2);
  await using session = await watchCamera({ file, fps: 25, pace: 'full' }, { plan: TINY });
  const seen: (number | undefined)[] = [];
  for (let index = 0; index < 50; index += 1) {
    if (index === 20) await session.camera.usePlans([SMALL]);
    const frame = await session.camera.nextFrame(AbortSignal.timeout(20_000));
    assert.ok(frame !== undefined, `frame ${index}`);
    const { pictures } = await viewFrame(frame);
    assert.equal(pictures[0]?.plan.width, index < 20 ? TINY.width : SMALL.width);
    seen.push(frame.mediaMs);
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 50 }, (_, index) => index * 40),
  );
  assert.deepEqual(session.camera.counters(), { captured: 50, skipped: 0, reconnects: 0 });
});

for (const pace of ['full', 'realtime'] as const)
  test(`other plans in the middle of a folder: it goes on where it is (${pace})`, async () => {
    const folder = await mixedFolder();
    await using session = await watchCamera({ folder, fps: 5, pace }, { plan: TINY });
    const seen = new Set<number>();
    for (let count = 0; ; count += 1) {
      if (count === 5) await session.camera.usePlans([SMALL]);
      const frame = await session.camera.nextFrame(AbortSignal.timeout(20_000));
      if (frame === undefined) break;
      seen.add(frame.mediaMs ?? -1);
    }
    assert.deepEqual(
      [...seen].toSorted((a, b) => a - b),
      [0, 200, 400, 600, 800, 1000, 1200, 1400, 1600],
    );
    assert.equal(session.camera.counters().reconnects, 0);
  });

test('a recording that waits is stopped at once, and nothing of it is left', async () => {
  const session = await watchCamera({ file: await clips.halves(20), pace: 'full' }, { plan: TINY });
  await until('it waits', () => session.camera.counters().captured > 0);
  await session.camera.stop();
  assert.deepEqual(await captureChildren(), []);
});
