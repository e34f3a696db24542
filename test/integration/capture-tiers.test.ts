import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FramePlan } from '../../agent/src/capture/port.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import {
  type CameraSession,
  rgbOf,
  SMALL,
  type ViewedFrame,
  watchCamera,
} from '../support/camera-session.ts';
import { captureChildren } from '../support/capture-children.ts';
import { startMjpegServer } from '../support/mjpeg-server.ts';
import { type RtspServer, startRtspServer } from '../support/rtsp-server.ts';
import { until } from '../support/until.ts';

const SQUARE: FramePlan = { width: 48, height: 48, fit: 'squash', scaleFlags: 'area' };

let clips: ClipFolder;
let clip: string;
before(async () => {
  clips = await createClipFolder();
  // 10 fps with a keyframe a second.
  clip = await clips.halves(4);
});
after(() => clips.remove());

async function withServer(use: (server: RtspServer) => Promise<void>, maxClients?: number): Promise<void> {
  const server = await startRtspServer({ video: clip, ...(maxClients !== undefined && { maxClients }) });
  await use(server).finally(() => server.stop());
}

const decodesKeyframes = async (): Promise<readonly boolean[]> =>
  (await captureChildren()).map(({ commandLine }) => commandLine.includes('nokey'));

/** Resolves when one stream is left, of this tier. */
const flowsWith = (tier: 'every' | 'keyframes'): Promise<void> =>
  until(`one stream of ${tier}`, async () => {
    const found = await decodesKeyframes();
    return found.length === 1 && found[0] === (tier === 'keyframes');
  });

async function take(session: CameraSession, count: number): Promise<readonly ViewedFrame[]> {
  const frames: ViewedFrame[] = [];
  while (frames.length < count) frames.push(await session.frame());
  return frames;
}

/** Typical milliseconds between two frames. */
function paceOf(frames: readonly ViewedFrame[]): number {
  const gaps = frames.slice(1).map((frame, at) => frame.capturedAtMs - (frames[at]?.capturedAtMs ?? 0));
  return gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
}

function assertNothingHappened({ camera, seen }: CameraSession): void {
  assert.equal(camera.counters().reconnects, 0);
  assert.deepEqual(
    seen.map(({ condition }) => condition),
    ['online'],
  );
}

test('while nothing moves only keyframes are decoded, then every picture again, without a gap or a reconnect', () =>
  withServer(async (server) => {
    await using session = await watchCamera({ url: server.url });
    await take(session, 5);
    session.camera.useTier('keyframes');
    let meanwhile = 0;
    for (let tiers = await decodesKeyframes(); tiers.includes(false); tiers = await decodesKeyframes()) {
      await session.frame();
      if (tiers.length === 2) meanwhile += 1;
    }
    assert.ok(meanwhile > 0, 'the running stream went on while the other one was opened');
    await flowsWith('keyframes');
    await take(session, 2);
    const calm = await take(session, 4);
    assert.ok(paceOf(calm) > 600 && paceOf(calm) < 1_600, `a keyframe each ${paceOf(calm)} ms`);
    assert.equal(rgbOf(calm[0] as ViewedFrame).length, 32 * 18 * 3);
    session.camera.useTier('every');
    await flowsWith('every');
    await take(session, 10);
    assert.ok(paceOf(await take(session, 10)) < 400);
    await until('one connection is left', () => server.watching() === 1);
    assert.ok(session.camera.health().quality01 > 0.5);
    assertNothingHappened(session);
  }));

test('other plans come into use while only keyframes are decoded, and a waking in between costs neither', () =>
  withServer(async (server) => {
    await using session = await watchCamera({ url: server.url });
    await take(session, 3);
    session.camera.useTier('keyframes');
    const changed = session.camera.usePlans([SQUARE, SMALL]);
    const [, frames] = await Promise.all([changed, take(session, 3)]);
    assert.ok(frames.length === 3);
    await flowsWith('keyframes');
    assert.deepEqual(
      (await session.frame()).pictures.map(({ plan }) => plan),
      [SQUARE, SMALL],
    );
    session.camera.useTier('every');
    session.camera.useTier('keyframes');
    session.camera.useTier('every');
    await flowsWith('every');
    assert.equal((await session.frame()).pictures.length, 2);
    assertNothingHappened(session);
  }));

test('a camera that lets one watch at a time keeps its stream, and every picture of it', () =>
  withServer(async (server) => {
    await using session = await watchCamera({ url: server.url });
    await take(session, 3);
    const [running] = await captureChildren();
    session.camera.useTier('keyframes');
    await until('the second stream is refused', () => server.refused() === 1);
    await until('it is gone', async () => (await captureChildren()).length === 1);
    session.camera.useTier('every');
    session.camera.useTier('keyframes');
    await take(session, 5);
    assert.deepEqual(await captureChildren(), [running]);
    assert.equal(server.refused(), 1);
    assertNothingHappened(session);
  }, 1));

test('a stream of keyframes that falls silent is found out, and opened again as it was', () =>
  withServer(async (server) => {
    await using session = await watchCamera({ url: server.url });
    await take(session, 3);
    session.camera.useTier('keyframes');
    await flowsWith('keyframes');
    await take(session, 2);
    server.mute(true);
    await until('the loss is seen', () => session.camera.counters().reconnects > 0);
    server.mute(false);
    const { captured } = session.camera.counters();
    await until('frames flow again', () => session.camera.counters().captured > captured);
    await flowsWith('keyframes');
  }));

test('recordings, and cameras whose pictures all stand alone, know no tiers', async () => {
  const server = await startMjpegServer({ pictures: await clips.jpegs(), fps: 10 });
  try {
    for (const source of [{ url: server.url }, { file: clip, loop: true }]) {
      await using session = await watchCamera(source);
      await take(session, 2);
      const before = await captureChildren();
      session.camera.useTier('keyframes');
      await take(session, 3);
      assert.deepEqual(await captureChildren(), before);
    }
  } finally {
    await server.stop();
  }
});
