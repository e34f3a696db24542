import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Area } from '@watchpost/shared/config/settings.ts';
import { createFfmpegLauncher } from '../../agent/src/capture/ffmpeg/ffmpeg-process.ts';
import { playStream } from '../../agent/src/capture/ffmpeg/ffmpeg-stream.ts';
import type { CapturedPicture } from '../../agent/src/capture/frames/captured-picture.ts';
import { GRAY } from '../../agent/src/capture/frames/frame-outputs.ts';
import { type FramePlan, pictureFor } from '../../agent/src/capture/port.ts';
import { CAPTURE_LIMITS } from '../../agent/src/capture/supervision.ts';
import { readPicture } from '../../agent/src/inference/sharp-picture.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { cameraConfig, rgbOf, SMALL, viewFrame, watchCamera } from '../support/camera-session.ts';
import { startMjpegServer } from '../support/mjpeg-server.ts';

const SQUARE: FramePlan = { width: 48, height: 48, fit: 'squash', scaleFlags: 'bicubic' };
const MASK: Area = { x01: 0.25, y01: 0.25, width01: 0.25, height01: 0.5 };
const WHITE = 'color=white:s=320x180:r=10,noise=alls=4:allf=t';

let clips: ClipFolder;
before(async () => {
  clips = await createClipFolder();
});
after(() => clips.remove());

/** A picture of one or three bytes a pixel. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** Lightest and darkest pixels of an area, its border of `edge` pixels left out on the side given. */
function levels({ width, height, bytes }: Pixels, area: Area, isInside: boolean, edge: number) {
  const channels = bytes.length / width / height;
  let [lightest, darkest] = [0, 255];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const inset = isInside ? edge : -edge;
      const inX = x >= area.x01 * width + inset && x + 1 <= (area.x01 + area.width01) * width - inset;
      const inY = y >= area.y01 * height + inset && y + 1 <= (area.y01 + area.height01) * height - inset;
      if ((inX && inY) !== isInside) continue;
      const pixel = bytes.subarray((y * width + x) * channels, (y * width + x + 1) * channels);
      [lightest, darkest] = [Math.max(lightest, ...pixel), Math.min(darkest, ...pixel)];
    }
  }
  return { lightest, darkest };
}

function assertMasked(name: string, pixels: Pixels, mask: Area = MASK): void {
  const inside = levels(pixels, mask, true, 2);
  const outside = levels(pixels, mask, false, 3);
  assert.ok(inside.lightest < 40, `${name}: a pixel of ${inside.lightest} under the mask`);
  assert.ok(outside.darkest > 180, `${name}: a pixel of ${outside.darkest} beside the mask`);
}

/** What ffmpeg hands over of a recording: nothing that leaves it is missing here. */
async function play(source: Parameters<typeof cameraConfig>[0], plans: readonly FramePlan[]) {
  const pictures: CapturedPicture[] = [];
  const jpegs: Uint8Array[] = [];
  const nowMs = (): number => performance.now();
  const launcher = createFfmpegLauncher({ ffmpegPath: 'ffmpeg', nowMs, killAfterMs: 1_000 });
  await playStream(
    { launcher, limits: CAPTURE_LIMITS, nowMs },
    { camera: cameraConfig({ pace: 'full', ...source }), plans },
    { onFrame: (picture) => void pictures.push(picture), onPicture: (jpeg) => void jpegs.push(jpeg) },
    new AbortController().signal,
  );
  return { pictures, jpegs };
}

for (const view of ['frame', 'motion'] as const) {
  test(`what lies under a mask leaves ffmpeg on none of its outputs (view ${view})`, async () => {
    const file = await clips.drawn('white', WHITE, 2);
    const { pictures, jpegs } = await play({ file, masks: [MASK], view }, [SMALL, SQUARE]);
    assert.ok(pictures.length >= 10 && jpegs.length >= 2);
    for (const { gray, views, scene } of pictures) {
      assertMasked('grey picture', { ...GRAY, bytes: gray });
      if (scene !== undefined) assertMasked('scene', { ...scene, bytes: scene.rgb });
      const tensors = views.flatMap((each) => each.pictures);
      assert.equal(tensors.length, view === 'frame' ? 2 : 0);
      for (const { plan, rgb } of tensors) assertMasked('tensor', { ...plan, bytes: rgb });
    }
    const plan: FramePlan = { width: 320, height: 180, fit: 'squash', scaleFlags: 'bilinear' };
    for (const jpeg of jpegs) assertMasked('JPEG', { ...plan, bytes: await readPicture(jpeg, plan) });
  });
}

test('a mask covers the same part of the scene when the stream changes its size', async () => {
  const sizes = ['320x180', '640x360', '160x120'];
  const pictures: Uint8Array[] = [];
  for (const size of sizes) pictures.push(...(await clips.jpegs(`color=white:s=${size}:r=10`)).slice(0, 10));
  const server = await startMjpegServer({ pictures, fps: 20 });
  try {
    await using session = await watchCamera({ url: server.url, masks: [MASK] }, { plan: SQUARE });
    while (server.sent() < pictures.length * 2) {
      assertMasked('tensor', { ...SQUARE, bytes: rgbOf(await session.frame()) });
    }
    const [jpeg] = session.camera.recentPictures();
    assert.ok(jpeg !== undefined);
    assertMasked('JPEG', { ...SQUARE, bytes: await readPicture(jpeg.jpeg, SQUARE) });
  } finally {
    await server.stop();
  }
});

test('each region is a view of its own, with a picture for each plan, also after other plans', async () => {
  const regions = [
    { id: 'right', x01: 0.5, y01: 0, width01: 0.5, height01: 1 },
    { id: 'left', x01: 0, y01: 0.25, width01: 0.5, height01: 0.5 },
  ];
  const file = await clips.halves(20);
  await using session = await watchCamera({ file, regions }, { plans: [SMALL, SQUARE] });
  const assertViews = async (plans: readonly FramePlan[]): Promise<void> => {
    const views = await (await session.frame()).look();
    assert.deepEqual(
      views.map(({ region }) => region),
      ['right', 'left'],
    );
    for (const view of views) {
      assert.deepEqual(
        view.pictures.map(({ plan }) => plan),
        plans,
      );
      for (const { rgb } of view.pictures) {
        const [red = 0, , blue = 0] = rgb.subarray(Math.floor(rgb.length / 6) * 3);
        const isRed = view.region === 'left';
        assert.ok(isRed ? red > 180 && blue < 70 : blue > 180 && red < 70, `${view.region}: ${red}, ${blue}`);
      }
    }
  };
  await assertViews([SMALL, SQUARE]);
  await session.camera.usePlans([SQUARE]);
  await assertViews([SQUARE]);
});

/** A white square of 32 pixels that walks over a grey scene of 640x360. */
const WALKER =
  'color=gray:s=640x360:r=10,noise=alls=4:allf=t[scene];color=white:s=32x32:r=10[walker];' +
  "[scene][walker]overlay=x='40+20*n':y=250";
const whiteShare = (rgb: Uint8Array): number => rgb.filter((level) => level > 220).length / rgb.length;

test('what moves is told with its place, and is not what the noise of the sensor does', async () => {
  await using session = await watchCamera({ file: await clips.drawn('walker', WALKER, 2), pace: 'full' });
  await using still = await watchCamera({ file: await clips.drawn('white', WHITE, 2), pace: 'full' });
  for (let number = 0; number < 20; number += 1) {
    const { motion } = await session.frame();
    assert.deepEqual((await still.frame()).motion, { share01: 0 });
    if (number < 5) continue;
    const { x01, y01, width01, height01 } = motion.around ?? assert.fail(`frame ${number}: nothing moves`);
    const [x, y] = [(40 + 20 * number + 16) / 640, (250 + 16) / 360];
    assert.ok(
      x01 <= x && x <= x01 + width01 && y01 <= y && y <= y01 + height01,
      JSON.stringify(motion.around),
    );
    assert.ok(motion.share01 > 0.002 && motion.share01 < 0.05, `${motion.share01}`);
  }
});

test('a view of what moves is cut around it for each plan, without a new stream for new plans, and keeps', async () => {
  const file = await clips.drawn('walker', WALKER, 2);
  const source = { file, pace: 'full', view: 'motion' } as const;
  await using session = await watchCamera(source, { plans: [SQUARE] });
  await using whole = await watchCamera({ ...source, view: 'frame' }, { plans: [SQUARE] });
  for (let number = 0; number < 20; number += 1) {
    if (number === 10) await session.camera.usePlans([SQUARE, SMALL]);
    const frame = await session.frame();
    const seen = whiteShare(rgbOf(await whole.frame()));
    if (number < 5) continue;
    assert.ok(whiteShare(rgbOf(frame)) > 2 * seen, `frame ${number}`);
    assert.equal(pictureFor(frame, SMALL)?.length, number < 10 ? undefined : 32 * 18 * 3);
    assert.deepEqual(await viewFrame(frame), frame);
  }
});

test('while nothing moves a view of what moves is that of the whole', async () => {
  await using session = await watchCamera(
    { file: await clips.halves(2), view: 'motion', pace: 'full' },
    { plans: [SQUARE, { ...SQUARE, fit: 'cover' }] },
  );
  const { pictures } = await session.frame();
  for (const { rgb, plan } of pictures) {
    assert.equal(rgb.length, plan.width * plan.height * 3);
    const row = 24 * plan.width * 3;
    const [red = 0] = rgb.subarray(row);
    const blue = rgb[row + plan.width * 3 - 1] ?? 0;
    assert.ok(red > 180 && blue > 180, `${plan.fit}: ${red}, ${blue}`);
  }
});
