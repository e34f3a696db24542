import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { Manifest, Variant } from '@watchpost/shared/bundle/manifest.ts';
import { parseLabels } from '@watchpost/shared/bundle/model-graph.ts';
import { PREPROCESS_PRESETS } from '@watchpost/shared/bundle/preprocess.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { CameraStats } from '@watchpost/shared/messages/camera.ts';
import type { EventBody } from '@watchpost/shared/messages/event.ts';
import { createAttendant } from '../../agent/src/attention/attendant.ts';
import { createFfmpegCamera } from '../../agent/src/capture/ffmpeg-camera.ts';
import type { CameraConfig } from '../../agent/src/config/schema.ts';
import { createDecider } from '../../agent/src/decision/decider.ts';
import { computeVoteTiming } from '../../agent/src/decision/vote-timing.ts';
import { createActiveModel } from '../../agent/src/inference/active-model.ts';
import { createChildProcessHost } from '../../agent/src/inference/child-process-host.ts';
import { computeFramePlan } from '../../agent/src/inference/frame-plan.ts';
import { composeModelSpec } from '../../agent/src/inference/model-spec.ts';
import type { ActiveModel } from '../../agent/src/inference/port.ts';
import { systemClock } from '../../agent/src/kernel/system-clock.ts';
import { createPipeline } from '../../agent/src/pipeline/pipeline.ts';
import { createVitalsRecorder } from '../../agent/src/vitals.ts';
import { cameraConfig } from '../support/camera-session.ts';
import { tinyBundle } from '../support/tiny-bundle.ts';

/** Real model and clips, which are not part of the project. */
const DATA = join(import.meta.dirname, '../../../shared/data');
const skip = existsSync(DATA) ? false : `no real models and clips in ${DATA}`;
const run = promisify(execFile);
const QUIET = { gate: 'on', minShare01: 0.004, holdSec: 1, lookSec: 2, keyframes: false } as const;
const FPS = 5;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-scenes-'));
});
after(() => rm(folder, { recursive: true }));

/** The pet park: cat, dog, other. */
function petManifest(): Manifest {
  const labels = [...parseLabels(readFileSync(join(DATA, 'models/petpark_labels.txt'), 'utf8'))];
  const variant: Omit<Variant, 'file'> = {
    name: 'int8',
    runtime: 'onnx',
    precision: 'int8',
    cpuFeatures: [],
  };
  return tinyBundle({
    variants: [{ ...variant, file: 'models/petpark_v2_int8_u8nhwc.onnx' }],
    input: { name: 'input', layout: 'NHWC', dtype: 'uint8', width: 224, height: 224, channels: 'RGB' },
    preprocess: PREPROCESS_PRESETS.raw,
    output: { name: 'probs', activation: 'probabilities', labels, temperature: 1 },
    decision: {
      ...{ window: 10, enter: 0.6, exit: 0.4, minVotes: 4, minDwellSec: 1, cooldownSec: 2, rejectBelow: 0.6 },
      background: ['other'],
    },
  }).manifest;
}

async function openModel(t: TestContext): Promise<ActiveModel> {
  const manifest = petManifest();
  const [variant] = manifest.variants;
  assert.ok(variant);
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
      createDecider: ({ manifest: { decision, output } }, pace) =>
        createDecider(
          { ...decision, ...computeVoteTiming({ window: decision.window, ...pace }) },
          output.labels,
        ),
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

test('a real dog that runs about opens the gate, and is reported', { skip }, async (t) => {
  const { told } = await play(t, { file: join(DATA, 'video/dog.mp4'), motion: QUIET });
  assert.ok(told.includes('new dog'), told.join(', '));
});

test('a real cat that lies still is one sighting, of which few frames are looked at', { skip }, async (t) => {
  const file = join(folder, 'sleeping-cat.mp4');
  const still = ['-loop', '1', '-framerate', '10', '-i', join(DATA, 'photos/cat_720p.jpg'), '-t', '14'];
  // With the noise every camera has.
  const encode = ['-vf', 'noise=alls=4:allf=t', '-pix_fmt', 'yuv420p', '-preset', 'ultrafast', file];
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...still, ...encode]);
  const { told, gated, vitals } = await play(t, { file, motion: QUIET });
  assert.deepEqual(told, ['new cat', 'end cat']);
  assert.ok(gated > vitals.framesCaptured * 0.6, `${gated} of ${vitals.framesCaptured} left out`);
});

test('a real cat and a real dog in two regions of one picture are two sightings', { skip }, async (t) => {
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

test('a recording at full speed is classified frame by frame', { skip }, async (t) => {
  const { vitals, told } = await play(t, { file: join(DATA, 'video/cat.mp4'), pace: 'full' });
  assert.equal(vitals.framesClassified, vitals.framesDue);
  assert.ok(vitals.framesCaptured >= 8 * FPS, String(vitals.framesCaptured));
  assert.ok(told.includes('new cat'), told.join(', '));
});
