import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type FramePlan, pictureFor } from '../../agent/src/capture/port.ts';
import { type ClipFolder, createClipFolder, frameNumberOf } from '../support/camera-clips.ts';
import {
  type CameraSession,
  rgbOf,
  SMALL,
  type ViewedFrame,
  viewFrame,
  watchCamera,
} from '../support/camera-session.ts';
import { captureChildren } from '../support/capture-children.ts';
import { startMjpegServer } from '../support/mjpeg-server.ts';
import { startRtspServer } from '../support/rtsp-server.ts';
import { until } from '../support/until.ts';

const SQUARE: FramePlan = { width: 64, height: 64, fit: 'cover', scaleFlags: 'bilinear' };
const WIDE: FramePlan = { width: 48, height: 12, fit: 'squash', scaleFlags: 'bicubic' };

let clips: ClipFolder;
let pictures: readonly Uint8Array[];
before(async () => {
  clips = await createClipFolder();
  pictures = await clips.jpegs();
});
after(() => clips.remove());

interface Reader {
  readonly frames: readonly ViewedFrame[];
  /** Resolves when so many frames were read since this call. */
  more(count: number): Promise<void>;
  /** Resolves with every frame when the camera gives no more. */
  readonly all: Promise<readonly ViewedFrame[]>;
}

/** Takes every frame of a camera as it comes. */
function readFrames({ camera }: CameraSession): Reader {
  const frames: ViewedFrame[] = [];
  const read = async (): Promise<readonly ViewedFrame[]> => {
    const never = new AbortController().signal;
    for (let frame = await camera.nextFrame(never); frame; frame = await camera.nextFrame(never)) {
      frames.push(await viewFrame(frame));
    }
    return frames;
  };
  return {
    frames,
    all: read(),
    more: (count) => {
      const enough = frames.length + count;
      return until(`${count} more frames`, () => frames.length >= enough);
    },
  };
}

const hasPlan =
  (plan: FramePlan) =>
  (frame: ViewedFrame): boolean =>
    pictureFor(frame, plan) !== undefined;
const longestGapMs = (frames: readonly ViewedFrame[]): number =>
  Math.max(...frames.slice(1).map((frame, at) => frame.capturedAtMs - (frames[at]?.capturedAtMs ?? 0)));

function assertContinuous(frames: readonly ViewedFrame[]): void {
  assert.deepEqual(
    frames.map(({ sequence }) => sequence),
    frames.map((_, at) => (frames[0]?.sequence ?? 0) + at),
  );
}

function assertNothingHappened({ camera, seen }: CameraSession): void {
  assert.equal(camera.counters().reconnects, 0);
  assert.deepEqual(
    seen.map(({ condition }) => condition),
    ['online'],
  );
}

interface TestServer {
  readonly url: string;
  watching(): number;
  refused(): number;
  stop(): Promise<void>;
}
const SERVERS: Readonly<Record<string, (maxClients?: number) => Promise<TestServer>>> = {
  RTSP: async (maxClients) =>
    startRtspServer({ video: await clips.halves(2), ...(maxClients !== undefined && { maxClients }) }),
  MJPEG: (maxClients) =>
    startMjpegServer({ pictures, fps: 10, ...(maxClients !== undefined && { maxClients }) }),
};

for (const [kind, startServer] of Object.entries(SERVERS)) {
  test(`${kind}: while another plan is opened the running stream delivers, and no frame is lost by the change`, async () => {
    const server = await startServer();
    try {
      await using session = await watchCamera({ url: server.url });
      const reader = readFrames(session);
      await reader.more(10);
      const plain = [...reader.frames];
      const callAtMs = performance.now();
      await session.camera.usePlans([SMALL, SQUARE]);
      const changeMs = performance.now() - callAtMs;
      await reader.more(5);
      const frames = [...reader.frames];
      const firstNew = frames.findIndex(hasPlan(SQUARE));
      // A stream may open with a burst of what it held back, of which the slot keeps the newest.
      assertContinuous(frames.slice(plain.length - 1, firstNew + 1));
      assert.ok(frames.slice(firstNew).every(hasPlan(SQUARE)) && frames.every(hasPlan(SMALL)));
      assert.ok(firstNew > plain.length, 'the old geometry was delivered after the call');
      // Break before make would be silent for all of the change.
      assert.ok(longestGapMs(frames.slice(plain.length - 1)) < longestGapMs(plain) + changeMs / 2);
      await until('one connection is left', () => server.watching() === 1);
      assertNothingHappened(session);
    } finally {
      await server.stop();
    }
  });

  test(`${kind}: a camera that lets one watch at a time is closed, then opened with the other plan`, async () => {
    const server = await startServer(1);
    try {
      await using session = await watchCamera({ url: server.url });
      const reader = readFrames(session);
      await reader.more(3);
      await session.camera.usePlans([SQUARE]);
      const { length } = reader.frames;
      await reader.more(3);
      assert.ok(reader.frames.slice(length).every(hasPlan(SQUARE)));
      assert.equal(server.refused(), 1);
      assertNothingHappened(session);
    } finally {
      await server.stop();
    }
  });

  test(`${kind}: when the running stream dies during a change, the new one goes on`, async () => {
    const server = await startServer();
    try {
      await using session = await watchCamera({ url: server.url });
      await session.frame();
      const [running] = await captureChildren();
      const changed = session.camera.usePlans([SQUARE]);
      process.kill(running?.pid ?? 0, 'SIGKILL');
      await changed;
      assert.ok(hasPlan(SQUARE)(await session.frame()));
    } finally {
      await server.stop();
    }
  });
}

test('a recording goes on where it is: every picture of it is seen, at its position, and it ends once', async () => {
  await using session = await watchCamera({ file: await clips.numbered(2), fps: 5 });
  const reader = readFrames(session);
  await reader.more(3);
  await session.camera.usePlans([SMALL, SQUARE]);
  const frames = await reader.all;
  assert.ok(hasPlan(SQUARE)(frames.at(-1) as ViewedFrame), 'the change happened before the end');
  for (const frame of frames) assert.equal(frameNumberOf(rgbOf(frame)), ((frame.mediaMs ?? 0) * 25) / 1000);
  assert.deepEqual(
    [...new Set(frames.map(({ mediaMs }) => mediaMs))],
    [0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800],
  );
  assert.equal(session.camera.health().code, 'CAMERA_ENDED');
  assert.equal(session.camera.counters().reconnects, 0);
});

test('plans that come at the very end of a recording cut nothing off and do not begin it again', async () => {
  await using session = await watchCamera({ file: await clips.numbered(2), fps: 5 });
  const reader = readFrames(session);
  await reader.more(9);
  await session.camera.usePlans([SQUARE]);
  assert.equal((await reader.all).at(-1)?.mediaMs, 1800);
  await session.sees('CAMERA_ENDED');
});

test('a recording in a loop changes its plans and goes on looping', async () => {
  await using session = await watchCamera({ file: await clips.numbered(1), fps: 5, loop: true });
  const reader = readFrames(session);
  await reader.more(2);
  await session.camera.usePlans([SQUARE, SMALL]);
  const { length } = reader.frames;
  await reader.more(12);
  const frames = reader.frames.slice(length);
  assert.ok(frames.every(hasPlan(SQUARE)));
  for (const frame of frames) {
    assert.equal(
      frameNumberOf(pictureFor(frame, SMALL) ?? new Uint8Array()),
      ((frame.mediaMs ?? 0) * 25) / 1000,
    );
  }
  assert.equal(session.camera.counters().reconnects, 0);
});

test('each plan of a frame gets what a stream with that plan alone would give it', async () => {
  const file = await clips.halves(2);
  const framesWith = async (plans: readonly FramePlan[]): Promise<readonly ViewedFrame[]> => {
    await using session = await watchCamera({ file, fps: 5 }, { plans });
    return await readFrames(session).all;
  };
  const together = await framesWith([SMALL, SQUARE, WIDE]);
  assert.equal(together.length, 10);
  for (const plan of [SMALL, SQUARE, WIDE]) {
    const alone = await framesWith([plan]);
    assert.deepEqual(
      together.map((frame) => pictureFor(frame, plan)),
      alone.map(rgbOf),
    );
  }
});

test('plans that flow already, some of them, or in another order, disturb nothing', async () => {
  const clip = await clips.halves(20);
  await using session = await watchCamera({ file: clip, loop: true }, { plans: [SMALL, SQUARE] });
  await session.frame();
  const before = await captureChildren();
  for (const plans of [[SQUARE, { ...SMALL }], [SMALL], [SMALL, SQUARE]]) {
    await session.camera.usePlans(plans);
    await session.camera.nextFrame(AbortSignal.abort());
    assert.deepEqual(
      (await session.frame()).pictures.map(({ plan }) => plan),
      plans,
    );
  }
  assert.deepEqual(await captureChildren(), before);
});

test('plans that are taken back leave the running stream alone, and nobody waits', async () => {
  const clip = await clips.halves(20);
  await using session = await watchCamera({ file: clip, loop: true });
  await session.frame();
  const before = await captureChildren();
  const given = session.camera.usePlans([SQUARE]);
  await session.camera.usePlans([SMALL]);
  await given;
  assert.deepEqual(await captureChildren(), before);
});

test('when a camera is stopped during a change, nothing of it is left and nobody waits', async () => {
  const clip = await clips.halves(20);
  const session = await watchCamera({ file: clip, loop: true });
  await session.frame();
  const changing = session.camera.usePlans([SQUARE]);
  await until('a second one is opened', async () => (await captureChildren()).length === 2);
  await session.camera.stop();
  assert.deepEqual(await captureChildren(), []);
  await changing;
  await session.camera.usePlans([WIDE]);
  assert.deepEqual(await captureChildren(), []);
});

/** Plays a test picture instead of the device, which as a device does can be opened once at a time. */
const DEVICE_FFMPEG = `#!/bin/sh
lock="$(dirname "$0")/device.lock"
for argument do
  shift
  case "$argument" in
    v4l2) set -- "$@" lavfi ;;
    /dev/video9) set -- "$@" testsrc2=s=64x36:r=10,realtime ;;
    *) set -- "$@" "$argument" ;;
  esac
done
exec flock --nonblock "$lock" ffmpeg "$@"
`;

test('a device, which cannot be opened twice, is closed, then opened with the other plan', async () => {
  const ffmpegPath = join(clips.path, 'device-ffmpeg');
  await writeFile(ffmpegPath, DEVICE_FFMPEG);
  await chmod(ffmpegPath, 0o755);
  await using session = await watchCamera({ device: '/dev/video9' }, { ffmpegPath });
  await session.frame();
  await session.camera.usePlans([SQUARE]);
  assert.ok(hasPlan(SQUARE)(await session.frame()));
  assertNothingHappened(session);
});
