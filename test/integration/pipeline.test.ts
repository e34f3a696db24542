import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as settle } from 'node:timers/promises';
import { judgeProgress } from '../../agent/src/watchdog/progress.ts';
import {
  CAT,
  DOG,
  makeModel,
  NOTHING,
  openPipelineBench,
  type PipelineBench,
  type WatchedCamera,
} from '../support/pipeline-bench.ts';

async function open(t: TestContext, ...model: Parameters<typeof makeModel>[]): Promise<PipelineBench> {
  // What is due now and then, as the tests say.
  t.mock.timers.enable({ apis: ['setInterval'] });
  const bench = await openPipelineBench(...model.map((args) => makeModel(...args)));
  t.after(() => bench.stop());
  return bench;
}
const tick = (t: TestContext): void => t.mock.timers.tick(5_000);
/** Beginnings and ends; what renews a score is left out. */
const brief = (watched: WatchedCamera): readonly string[] =>
  watched
    .events()
    .filter(({ type }) => type !== 'update')
    .map(({ type, label, region }) => [type, label, ...(region ? [region] : [])].join(' '));
const classified = ({ vitals }: PipelineBench): number => vitals.read().framesClassified;

test('a cat that walks through is one sighting, told with what it rests on', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard' });
  await yard.show(NOTHING, 2, true);
  await yard.show(CAT, 10, true);
  await yard.show(NOTHING, 10, true);
  assert.deepEqual(brief(yard), ['new cat', 'end cat']);
  const [opened, ended] = yard.events();
  assert.equal(opened?.id, ended?.id);
  assert.deepEqual(opened?.votes, { label: 3, window: 4 });
  assert.deepEqual(opened?.thresholds, { enter: 0.6, exit: 0.3 });
  assert.equal(opened?.bundleDigest, '1'.repeat(64));
  assert.equal(yard.states().at(-1)?.label, undefined);
  assert.equal(yard.states()[0]?.label, 'cat');
});

test('whoever keeps evidence is told of each decision with the id of its event and the time of its frame', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard' });
  await yard.show(CAT, 5, true);
  const [event] = yard.events();
  const [decision] = bench.decisions;
  assert.equal(decision?.eventId, event?.id);
  assert.equal(decision?.tsMs, event?.tsMs);
  assert.equal(decision?.frameAtMs, 1_000_000 + (event?.atSec ?? 0) * 1000);
  assert.deepEqual([decision?.cameraId, decision?.type, decision?.label], ['yard', 'new', 'cat']);
});

test('while nothing moves a camera is looked at now and then, and the frames between are told apart', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard' });
  await yard.show(NOTHING, 30);
  tick(t);
  const before = classified(bench);
  await yard.show(NOTHING, 100);
  tick(t);
  assert.equal(classified(bench) - before, 20);
  assert.equal(yard.camera.tier, 'keyframes');
  const stats = yard.stats().at(-1);
  assert.deepEqual([stats?.capturedFps, stats?.gatedFps, stats?.processedFps], [5, 4.8, 0.2]);
  assert.deepEqual([stats?.skippedFps, stats?.governedFps, stats?.tier], [0, 0, 'keyframes']);

  await yard.show(CAT, 0.2, true);
  assert.equal(classified(bench) - before, 21, 'the frame that woke it');
  assert.equal(yard.camera.tier, 'every');
  await yard.show(CAT, 2, true);
  assert.deepEqual(brief(yard), ['new cat']);
});

test('a gate that is off, and a recording by itself, look at every frame', async (t) => {
  const bench = await open(t);
  await bench.watch({ id: 'a', motion: { ...MOTION, gate: 'off' } }).show(NOTHING, 60);
  assert.equal(classified(bench), 300);
  await recording(bench).show(NOTHING, 60);
  assert.equal(classified(bench), 600);
});

const MOTION = { gate: 'auto', minShare01: 0.004, holdSec: 10, lookSec: 5, keyframes: true } as const;
const recording = (bench: PipelineBench, pace: 'realtime' | 'full' = 'realtime'): WatchedCamera => {
  const { url: _, ...source } = { url: undefined, id: 'clip', file: '/clip.mp4', pace };
  return bench.watch(source);
};

test('an animal that sleeps in view for three hours is one sighting, at one look in five seconds', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard', fps: 2 });
  await yard.show(CAT, 5, true);
  await yard.show(CAT, 60);
  const before = classified(bench);
  await yard.show(CAT, 3 * 3_600);
  tick(t);
  assert.deepEqual(brief(yard), ['new cat']);
  assert.equal(classified(bench) - before, (3 * 3_600) / 5);
  assert.equal(yard.camera.tier, 'keyframes');
  // It gets up and goes.
  await yard.show(CAT, 2, true);
  await yard.show(NOTHING, 5, true);
  assert.deepEqual(brief(yard), ['new cat', 'end cat']);
});

test('an animal that is gone without a motion is missed at the next look, and its sighting ends within seconds', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard' });
  await yard.show(CAT, 5, true);
  await yard.show(CAT, 60);
  const goneSec = bench.nowSec();
  await yard.show(NOTHING, 30);
  assert.deepEqual(brief(yard), ['new cat', 'end cat']);
  assert.ok((yard.events().at(-1)?.atSec ?? Infinity) - goneSec <= 5 + 2);
});

test('an animal that comes without a motion is decided upon within seconds of the next look', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard' });
  await yard.show(NOTHING, 60);
  const cameSec = bench.nowSec();
  await yard.show(DOG, 30);
  assert.deepEqual(brief(yard), ['new dog']);
  assert.ok((yard.events()[0]?.atSec ?? Infinity) - cameSec <= 5 + 2);
});

test('one look that errs ends no sighting', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard' });
  await yard.show(CAT, 5, true);
  await yard.show(CAT, 60);
  // Whichever look it meets, the next frames are looked at too.
  for (let error = 0; error < 30; error += 1) {
    await yard.show(NOTHING, 0.2);
    await yard.show(CAT, 7.2);
  }
  assert.deepEqual(brief(yard), ['new cat']);
});

test('a sighting before a camera that is away ends after minutes, at the last frame it was seen in', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard' });
  await yard.show(CAT, 5, true);
  bench.pass(299);
  tick(t);
  assert.deepEqual(brief(yard), ['new cat']);
  assert.equal(bench.vitals.isQuiet(), false);
  bench.pass(2);
  tick(t);
  assert.deepEqual(brief(yard), ['new cat', 'end cat']);
  assert.equal(yard.events()[1]?.tsMs, 6_000_000 + 5_000);
  assert.equal(bench.vitals.isQuiet(), true);
});

test('an animal in a picture that froze is not taken for one that sleeps', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard' });
  await yard.show(CAT, 5, true);
  await yard.show(CAT, 60);
  yard.camera.isFrozen = true;
  await yard.show(CAT, 310);
  tick(t);
  assert.deepEqual(brief(yard), ['new cat', 'end cat']);
  yard.camera.isFrozen = false;
  await yard.show(CAT, 10, true);
  assert.deepEqual(brief(yard), ['new cat', 'end cat', 'new cat']);
});

test('regions are classified each on its own, and their events name them', async (t) => {
  const bench = await open(t);
  const area = { x01: 0, y01: 0, width01: 0.5, height01: 1 };
  const yard = bench.watch({
    id: 'yard',
    regions: [
      { id: 'door', ...area },
      { id: 'lawn', ...area },
    ],
  });
  await yard.show({ door: NOTHING, lawn: CAT }, 3, true);
  await yard.show({ door: DOG, lawn: CAT }, 3, true);
  const both = yard.states().at(-1);
  await yard.show({ door: DOG, lawn: NOTHING }, 5, true);
  assert.deepEqual(brief(yard), ['new cat lawn', 'new dog door', 'end cat lawn']);
  assert.equal(new Set(yard.events().map(({ id }) => id)).size, 2);
  assert.deepEqual(
    both?.regions?.map(({ id, label }) => `${id} ${label}`),
    ['door dog', 'lawn cat'],
  );
  const { label, regions } = yard.states().at(-1) ?? {};
  assert.equal(label, 'dog');
  assert.deepEqual(
    regions?.map((region) => [region.id, region.label]),
    [
      ['door', 'dog'],
      ['lawn', undefined],
    ],
  );
  assert.ok(bench.decisions.every(({ region }) => region === 'lawn' || region === 'door'));
  tick(t);
  const stats = yard.stats().at(-1);
  assert.deepEqual(
    [stats?.processedFps, stats?.capturedFps],
    [5, 5],
    'a frame with two regions is one frame',
  );
});

test('a camera that is slowed down says so at once, and that it is not any more', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard' });
  await yard.show(NOTHING, 1, true);
  const slowdown = { level: 'reduced', why: ['heat'], sinceMs: 5 } as const;
  bench.slow({ ...slowdown, why: [...slowdown.why] });
  assert.deepEqual(yard.statuses().at(-1)?.slowed, slowdown);
  tick(t);
  const before = classified(bench);
  await yard.show(NOTHING, 20, true);
  assert.equal(classified(bench) - before, 60);
  tick(t);
  assert.deepEqual([yard.stats().at(-1)?.processedFps, yard.stats().at(-1)?.governedFps], [3, 2]);
  bench.slow(undefined);
  assert.equal(yard.statuses().at(-1)?.slowed, undefined);
});

test('a box that is about to fail looks at one camera at a time, each in its turn', async (t) => {
  const bench = await open(t);
  const cameras = ['a', 'b', 'c'].map((id) => bench.watch({ id, motion: { ...MOTION, gate: 'off' } }));
  for (const camera of cameras) await camera.show(NOTHING, 0.2);
  bench.slow({ level: 'one_camera', why: ['heat'], sinceMs: 5 });
  const looked = async (camera: WatchedCamera): Promise<boolean> => {
    const before = classified(bench);
    await camera.show(NOTHING, 0.2);
    return classified(bench) > before;
  };
  const turns: string[] = [];
  for (let round = 0; round < 60; round += 1) {
    for (const camera of cameras) if (await looked(camera)) turns.push(camera.camera.id);
    bench.pass(1);
  }
  const order = turns.filter((id, index) => id !== turns[index - 1]);
  assert.match(order.join(''), /^(a?b?(cab)+c?a?|a?(bca)+b?c?|(abc)+a?b?)$/);
  assert.deepEqual([...new Set(turns)].sort(), ['a', 'b', 'c']);
  assert.ok(cameras.every(({ camera }) => camera.tier === 'keyframes'));
});

test('while the model is busy the newest frame waits, and those before it are told as skipped', async (t) => {
  let answer = Promise.withResolvers<void>();
  const bench = await open(t, ['1'.repeat(64), () => answer.promise]);
  const yard = bench.watch({ id: 'yard' });
  await yard.show(DOG, 1, true);
  await yard.show(CAT, 0.2, true);
  assert.equal(bench.model.displaced(), 4, 'one is looked at, the newest waits');
  answer.resolve();
  await settle();
  answer = Promise.withResolvers();
  answer.resolve();
  await settle();
  assert.equal(classified(bench), 2);
  tick(t);
  assert.ok(Math.abs((yard.stats().at(-1)?.skippedFps ?? 0) - 4 / 1.2) < 1e-6);
});

test('a recording at full speed is taken frame by frame, and none is lost', async (t) => {
  let pending: PromiseWithResolvers<void> | undefined;
  const bench = await open(t, [
    '1'.repeat(64),
    () => {
      pending = Promise.withResolvers();
      return pending.promise;
    },
  ]);
  const clip = recording(bench, 'full');
  await clip.show(CAT, 0.2);
  await clip.show(CAT, 0.2);
  assert.equal(bench.model.waitingSinceMs(), undefined, 'the second one is still with the camera');
  pending?.resolve();
  await settle();
  await settle();
  pending?.resolve();
  await settle();
  assert.deepEqual([classified(bench), bench.model.displaced()], [2, 0]);
});

test('what another model saw is closed in its name, and the next one begins anew', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard' });
  await yard.show(CAT, 5, true);
  await bench.model.replace(makeModel('2'.repeat(64)));
  await yard.show(CAT, 5, true);
  assert.deepEqual(
    yard.events().map(({ type, bundleDigest }) => `${type} ${bundleDigest[0]}`),
    ['new 1', 'end 1', 'new 2'],
  );
});

test('what is open when the camera ends is closed, and all is told by then', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard' });
  await yard.show(CAT, 5, true);
  await yard.end();
  assert.deepEqual(brief(yard), ['new cat', 'end cat']);
});

test('a quiet scene is no stuck frame path, and frames left out are none the model failed to classify', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard', motion: { ...MOTION, lookSec: 3_600 } });
  await yard.show(NOTHING, 60);
  const before = { sample: bench.vitals.look(), atMs: 0, deliveredAtMs: 0 };
  const read = bench.vitals.read();
  await yard.show(NOTHING, 30);
  const { progress } = judgeProgress(before, bench.vitals.look(), 30_000);
  assert.deepEqual(progress, { kind: 'excused', why: 'nothing to look at' });
  const { framesCaptured, framesDue, framesClassified } = bench.vitals.read();
  assert.deepEqual(
    [
      framesCaptured - read.framesCaptured,
      framesDue - read.framesDue,
      framesClassified - read.framesClassified,
    ],
    [150, 0, 0],
  );
});

test('a model that fails on one look of a quiet scene is no stuck frame path; one that fails on each is', async (t) => {
  const bench = await open(t, ['1'.repeat(64), () => Promise.reject(new Error('no'))]);
  const yard = bench.watch({ id: 'yard' });
  // Past the time from the start in which each frame is looked at.
  await bench.model.replace(makeModel('2'.repeat(64)));
  await yard.show(NOTHING, 30);
  await bench.model.replace(makeModel('3'.repeat(64), () => Promise.reject(new Error('no'))));
  const since = bench.vitals.look();
  await yard.show(NOTHING, 8);
  const judge = (sec: number) => {
    const now = bench.nowSec() * 1000 + 1_000_000;
    const before = { sample: since, atMs: now - sec * 1000, deliveredAtMs: now - sec * 1000 };
    return judgeProgress(before, bench.vitals.look(), now).progress.kind;
  };
  assert.equal(judge(8), 'excused');
  await yard.show(NOTHING, 40);
  assert.equal(judge(48), 'stuck');
});

test('frames left out because the model is behind are held against it; those for heat are not', async (t) => {
  const bench = await open(t);
  const yard = bench.watch({ id: 'yard' });
  const share = async (why: 'heat' | 'queue'): Promise<number> => {
    bench.slow({ level: 'reduced', why: [why], sinceMs: 5 });
    const before = bench.vitals.read();
    await yard.show(NOTHING, 20, true);
    const now = bench.vitals.read();
    return (now.framesClassified - before.framesClassified) / (now.framesDue - before.framesDue);
  };
  assert.equal(await share('heat'), 1);
  assert.equal(await share('queue'), 0.6);
});
