import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { Variant } from '@watchpost/shared/bundle/manifest.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { CameraStats } from '@watchpost/shared/messages/camera.ts';
import type { EventBody } from '@watchpost/shared/messages/event.ts';
import { createAttendant } from '../../agent/src/attention/attendant.ts';
import { createFfmpegCamera } from '../../agent/src/capture/ffmpeg-camera.ts';
import type { CameraConfig } from '../../agent/src/config/schema.ts';
import { createModelDecider } from '../../agent/src/decision/model-decider.ts';
import { createActiveModel } from '../../agent/src/inference/active-model.ts';
import { createChildProcessHost } from '../../agent/src/inference/child-process-host.ts';
import { computeFramePlan } from '../../agent/src/inference/frame-plan.ts';
import { composeModelSpec } from '../../agent/src/inference/model-spec.ts';
import type { ActiveModel } from '../../agent/src/inference/port.ts';
import { systemClock } from '../../agent/src/kernel/system-clock.ts';
import { createPipeline } from '../../agent/src/pipeline/pipeline.ts';
import { createVitalsRecorder } from '../../agent/src/vitals.ts';
import { cameraConfig } from '../support/camera-session.ts';
import { makeManifest } from '../support/http-data.ts';
import { DATA, NEEDS_DATA, PETPARK, PETPARK_FILE } from '../support/real-data.ts';

const run = promisify(execFile);
const QUIET = { gate: 'on', minShare01: 0.004, holdSec: 1, lookSec: 2, keyframes: false } as const;
const FPS = 5;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-scenes-'));
});
after(() => rm(folder, { recursive: true }));

async function openModel(t: TestContext): Promise<ActiveModel> {
  const variant: Variant = {
    ...{ name: 'int8', runtime: 'onnx', precision: 'int8', file: PETPARK_FILE, cpuFeatures: [] },
  };
  const manifest = makeManifest(new Uint8Array(), {
    ...PETPARK,
    variants: [variant],
    decision: { ...PETPARK.decision, minVotes: 4 },
  });
  const host = createChildProcessHost({ log: silentLogger, random: () => 0 });
  const spec = composeModelSpec({ manifest, folder: DATA }, variant, { threads: 1, spinning: false });
  const classifier = await host.start(spec);
  const plan = computeFramePlan(manifest.preprocess, manifest.input);
  const model = createActiveModel();
  await model.replace({
    ...{ digest: 'd'.repeat(64), manifest, variant: variant.name, threads: 1, plan, classifier },
  });
  t.after(() => model.release());
  return model;
}

/** Plays a recording through the real cameras, model and decisions. */
async function play(t: TestContext, source: Partial<CameraConfig>) {
  const model = await openModel(t);
  const config = cameraConfig({ id: 'cam', fps: FPS, ...source });
  const { monotonicMs } = systemClock;
  const openCamera = createFfmpegCamera({ logger: silentLogger, nowMs: monotonicMs, random01: Math.random });
  const camera = openCamera(config, model.current()?.plan);
  const events: EventBody[] = [];
  const stats: CameraStats[] = [];
  const counts = createVitalsRecorder({
    ...{ cameras: () => [camera], model, celsius: () => undefined, clock: systemClock },
  });
  const pipeline = createPipeline({
    model,
    uplink: {
      record: (_, body: object) => void events.push(body as EventBody),
      publish: (kind, body: object) => void (kind === 'cameraStats' && stats.push(body as CameraStats)),
      isConnected: () => false,
      report: () => ({ rows: 0, bytes: 0, oldestSec: 0, dropped: 0 }),
    },
    attention: {
      createAttendant,
      governor: {
        current: () => undefined,
        orders: () => ({ level: 'full', isTurn: true }),
        onChange: () => undefined,
      },
    },
    decisions: {
      createDecider: createModelDecider,
      newId: randomUUID,
    },
    ...{ counts, clock: systemClock, log: silentLogger },
  });
  const watched = pipeline.watch(camera, config);
  await camera.start(t.signal);
  await watched;
  await camera.stop();
  const vitals = counts.read();
  const gated = stats.reduce((sum, { gatedFps = 0, windowSec }) => sum + gatedFps * windowSec, 0);
  t.diagnostic(
    `${vitals.framesCaptured} frames, ${vitals.framesClassified} looked at, ${Math.round(gated)} left out`,
  );
  for (const { type, label, score, votes, mediaMs } of events)
    t.diagnostic(
      `${type} ${label} ${score.toFixed(2)}, ${votes.label} of ${votes.window} votes, at ${mediaMs ?? '-'} ms`,
    );
  const told = events
    .filter(({ type }) => type !== 'update')
    .map(({ type, label, region }) => [type, label, region ?? []].flat().join(' '));
  return { vitals, gated, told };
}

test('a real dog that runs about opens the gate, and is reported', NEEDS_DATA, async (t) => {
  const { told } = await play(t, { file: join(DATA, 'video/dog.mp4'), motion: QUIET });
  assert.ok(told.includes('new dog'), told.join(', '));
});

test(
  'a real cat that lies still is one sighting, of which few frames are looked at',
  NEEDS_DATA,
  async (t) => {
    const file = join(folder, 'sleeping-cat.mp4');
    const still = ['-loop', '1', '-framerate', '10', '-i', join(DATA, 'photos/cat_720p.jpg'), '-t', '14'];
    // With the noise every camera has.
    const encode = ['-vf', 'noise=alls=4:allf=t', '-pix_fmt', 'yuv420p', '-preset', 'ultrafast', file];
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...still, ...encode]);
    const { told, gated, vitals } = await play(t, { file, motion: QUIET });
    assert.deepEqual(told, ['new cat', 'end cat']);
    assert.ok(gated > vitals.framesCaptured * 0.6, `${gated} of ${vitals.framesCaptured} left out`);
  },
);

test('a real cat and a real dog in two regions of one picture are two sightings', NEEDS_DATA, async (t) => {
  const file = join(folder, 'both.mp4');
  const clips = ['cat', 'dog'].flatMap((name) => ['-i', join(DATA, 'video', `${name}.mp4`)]);
  const graph = '[0:v]fps=10,scale=640:360[l];[1:v]fps=10,scale=640:360[r];[l][r]hstack';
  const encode = ['-filter_complex', graph, '-t', '6', '-pix_fmt', 'yuv420p', '-preset', 'ultrafast', file];
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...clips, '-an', ...encode]);
  const half = { y01: 0, width01: 0.5, height01: 1 };
  const regions = [
    { id: 'chair', x01: 0, ...half },
    { id: 'meadow', x01: 0.5, ...half },
  ];
  const { told } = await play(t, { file, regions, pace: 'full' });
  assert.ok(told.includes('new cat chair') && told.includes('new dog meadow'), told.join(', '));
  assert.ok(!told.includes('new dog chair') && !told.includes('new cat meadow'), told.join(', '));
});

test('a recording at full speed is classified frame by frame', NEEDS_DATA, async (t) => {
  const { vitals, told } = await play(t, { file: join(DATA, 'video/cat.mp4'), pace: 'full' });
  assert.equal(vitals.framesClassified, vitals.framesDue);
  assert.ok(vitals.framesCaptured >= 8 * FPS, String(vitals.framesCaptured));
  assert.ok(told.includes('new cat'), told.join(', '));
});
