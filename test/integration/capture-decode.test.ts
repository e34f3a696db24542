import assert from 'node:assert/strict';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import {
  createDecodeChooser,
  type DecodeChooserDeps,
} from '../../agent/src/capture/decode/decode-chooser.ts';
import { createFileDecodeMemory } from '../../agent/src/capture/decode/decode-memory.ts';
import { findOffers, type Offers } from '../../agent/src/capture/decode/decode-offers.ts';
import { lookAtVideo, readDecodeFacts } from '../../agent/src/capture/decode/decode-trial.ts';
import type { Decoder } from '../../agent/src/capture/ffmpeg/decode-method.ts';
import type { FfmpegSource } from '../../agent/src/capture/ffmpeg/ffmpeg-arguments.ts';
import { createFfmpegCamera } from '../../agent/src/capture/ffmpeg-camera.ts';
import type { CameraConfig } from '../../agent/src/config/schema.ts';
import { type Logger, silentLogger } from '../../shared/src/kernel/log.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { cameraConfig, SHORT_LIMITS, SMALL } from '../support/camera-session.ts';
import { isAlive } from '../support/child-processes.ts';
import { startRtspServer } from '../support/rtsp-server.ts';
import { until } from '../support/until.ts';

const NEVER = new AbortController().signal;
const NO_OFFER = { isOffered: false, why: 'it is not there' } as const;
/** A box that claims a render node which does not work, as one whose driver is broken. */
const BROKEN_VAAPI: Offers = {
  vaapi: { isOffered: true, device: '/dev/dri/renderD199' },
  cuda: NO_OFFER,
  v4l2m2m: NO_OFFER,
  rkmpp: NO_OFFER,
};
let clips: ClipFolder;
let clip = '';
before(async () => {
  clips = await createClipFolder();
  clip = await clips.halves(6);
});
after(() => clips.remove());

interface Said {
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

interface DecodingBox {
  readonly dataDir: string;
  readonly said: readonly Said[];
  chooser(how?: Partial<DecodeChooserDeps>): ReturnType<typeof createDecodeChooser>;
}

async function openDecodingBox(t: TestContext): Promise<DecodingBox> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-decode-'));
  t.after(() => rm(dataDir, { recursive: true }));
  const said: Said[] = [];
  const say = (facts: object, message: string): void => void said.push({ message, facts: { ...facts } });
  const log: Logger = { ...silentLogger, info: say, warn: say };
  return {
    dataDir,
    said,
    chooser: (how) =>
      createDecodeChooser({
        ffmpegPath: 'ffmpeg',
        memory: createFileDecodeMemory({ dataDir, log }),
        log,
        ...how,
      }),
  };
}

const sourceOf = (camera: Partial<CameraConfig>): FfmpegSource => ({
  camera: cameraConfig(camera),
  plans: [SMALL],
  socketTimeoutMs: 5_000,
});

test('a decoder this box does not have is said to be missing, and software decodes', async (t) => {
  const offers = findOffers(await readDecodeFacts('ffmpeg'));
  if (offers.vaapi.isOffered) return t.skip('this machine has VAAPI');
  const box = await openDecodingBox(t);
  const chooser = box.chooser();
  assert.deepEqual(await chooser.choose(sourceOf({ file: clip, decode: 'vaapi' }), NEVER), {
    method: 'software',
  });
  assert.deepEqual(box.said[0], {
    message: 'decoder is not there, decoding in software',
    facts: { camera: 'cam-1', method: 'vaapi', why: offers.vaapi.why },
  });
});

test('a decoder that fails when the camera is opened is given up for software, and not tried again', async (t) => {
  const server = await startRtspServer({ video: clip });
  t.after(() => server.stop());
  const box = await openDecodingBox(t);
  const decoding = box.chooser({ readOffers: async () => BROKEN_VAAPI });
  const openCamera = createFfmpegCamera({
    logger: silentLogger,
    nowMs: () => performance.now(),
    random01: () => 0.5,
    limits: SHORT_LIMITS,
    decoding,
  });
  const config = cameraConfig({ url: server.url, decode: 'vaapi' });
  const camera = openCamera(config, SMALL);
  t.after(() => camera.stop());
  await camera.start(NEVER);
  assert.ok(await camera.nextFrame(AbortSignal.timeout(30_000)));
  const [given] = box.said;
  assert.equal(given?.message, 'hardware decoder failed, decoding in software until the restart');
  assert.equal(given?.facts.method, 'vaapi');
  assert.deepEqual(await decoding.choose({ ...sourceOf({}), camera: config }, NEVER), { method: 'software' });
});

test('what was measured on this box is not measured again after a restart', async (t) => {
  const box = await openDecodingBox(t);
  const source = sourceOf({ file: clip });
  const first = box.chooser({ readOffers: async () => BROKEN_VAAPI });
  assert.deepEqual(await first.choose(source, NEVER), { method: 'software' });
  const kept = JSON.parse(await readFile(join(box.dataDir, 'decoders.json'), 'utf8'));
  assert.deepEqual(Object.keys(kept), ['cam-1 h264 320x180']);
  assert.equal(kept['cam-1 h264 320x180'].method, 'software');
  const measured = box.said.find(({ message }) => message === 'decoders measured');
  assert.match(JSON.stringify(measured?.facts), /"method":"vaapi","why":"[^"]+"/);
  const second = box.chooser({
    readOffers: async () => BROKEN_VAAPI,
    tryOut: () => assert.fail('it is known'),
  });
  assert.deepEqual(await second.choose(source, NEVER), { method: 'software' });
});

test('a decoder that was installed later is measured at the next start', async (t) => {
  const box = await openDecodingBox(t);
  const source = sourceOf({ url: 'rtsp://camera.example/live' });
  const lookAt = async () => ({ codec: 'h264', width: 640, height: 360 });
  const tryOut: DecodeChooserDeps['tryOut'] = async (_source, { method }) => ({
    method,
    cpu01: method === 'v4l2m2m' ? 0.02 : 0.12,
  });
  const first = box.chooser({ readOffers: async () => BROKEN_VAAPI, lookAt, tryOut });
  assert.equal((await first.choose(source, NEVER)).method, 'software');
  const readOffers = async (): Promise<Offers> => ({ ...BROKEN_VAAPI, v4l2m2m: { isOffered: true } });
  const second = box.chooser({ readOffers, lookAt, tryOut });
  assert.equal((await second.choose(source, NEVER)).method, 'v4l2m2m');
});

test('hardware that takes less is chosen once for a camera, and no longer when it was given up', async (t) => {
  const box = await openDecodingBox(t);
  let tries = 0;
  const chooser = box.chooser({
    readOffers: async () => BROKEN_VAAPI,
    lookAt: async () => ({ codec: 'hevc', width: 1920, height: 1080 }),
    tryOut: async (_source, { method }) => {
      tries += 1;
      return { method, cpu01: method === 'vaapi' ? 0.02 : 0.12 };
    },
  });
  const vaapi: Decoder = { method: 'vaapi', codec: 'hevc', device: '/dev/dri/renderD199' };
  const source = sourceOf({ url: 'rtsp://camera.example/live' });
  assert.deepEqual(await chooser.choose(source, NEVER), vaapi);
  assert.deepEqual(await chooser.choose(source, NEVER), vaapi);
  assert.equal(tries, 2);
  chooser.giveUp('cam-1', vaapi, 'the driver hangs');
  assert.deepEqual(await chooser.choose(source, NEVER), { method: 'software' });
});

test('a camera that is stopped does not wait until another one is measured', async (t) => {
  const box = await openDecodingBox(t);
  const [asked, measured] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const chooser = box.chooser({
    readOffers: async () => BROKEN_VAAPI,
    lookAt: async () => ({ codec: 'h264', width: 640, height: 360 }),
    tryOut: async (_source, { method }) => {
      asked.resolve();
      await measured.promise;
      return { method, cpu01: 0.1 };
    },
  });
  const first = chooser.choose(sourceOf({ url: 'rtsp://camera.example/1' }), NEVER);
  await asked.promise;
  const stopped = new AbortController();
  const second = chooser.choose(sourceOf({ url: 'rtsp://camera.example/2' }), stopped.signal);
  stopped.abort();
  assert.deepEqual(await second, { method: 'software' });
  measured.resolve();
  assert.deepEqual(await first, { method: 'software' });
});

test('a camera that does not answer yet is measured when it does', async (t) => {
  const box = await openDecodingBox(t);
  const formats = [undefined, { codec: 'h264', width: 640, height: 360 }];
  const chooser = box.chooser({
    readOffers: async () => BROKEN_VAAPI,
    lookAt: async () => formats.shift(),
    tryOut: async (_source, { method }) => ({ method, cpu01: method === 'vaapi' ? 0.02 : 0.12 }),
  });
  const source = sourceOf({ url: 'rtsp://camera.example/live' });
  assert.equal((await chooser.choose(source, NEVER)).method, 'software');
  assert.equal((await chooser.choose(source, NEVER)).method, 'vaapi');
});

test('an ffmpeg that waits for its device and heeds no SIGTERM holds up no other camera', async (t) => {
  const { dataDir } = await openDecodingBox(t);
  const [ffmpegPath, started] = [join(dataDir, 'ffmpeg'), join(dataDir, 'started')];
  await writeFile(ffmpegPath, `#!/bin/sh\ntrap '' TERM\necho $$ > '${started}'\nexec sleep 30\n`, {
    mode: 0o755,
  });
  const life = new AbortController();
  const look = lookAtVideo(ffmpegPath, sourceOf({ device: '/dev/video0' }), life.signal);
  await until('it runs', () =>
    access(started).then(
      () => true,
      () => false,
    ),
  );
  life.abort();
  assert.equal(await look, undefined);
  const pid = Number(await readFile(started, 'utf8'));
  await until('it is gone', () => !isAlive(pid));
});
