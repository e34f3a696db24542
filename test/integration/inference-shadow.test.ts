import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as settle } from 'node:timers/promises';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { FramePlan } from '../../agent/src/capture/port.ts';
import { createActiveModel } from '../../agent/src/inference/active-model.ts';
import { createChildProcessHost } from '../../agent/src/inference/child-process-host.ts';
import type { OnClassified, RunningModel, ShadowLimits } from '../../agent/src/inference/port.ts';
import { createShadow } from '../../agent/src/inference/shadow.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { systemClock } from '../../agent/src/kernel/system-clock.ts';
import { childPids, waitUntilGone } from '../support/child-processes.ts';
import { holdModel, lookAt, picturesOf } from '../support/held-model.ts';
import { createManualTime } from '../support/manual-time.ts';
import { tinyBundle } from '../support/tiny-bundle.ts';
import { tinySpec } from '../support/tiny-spec.ts';

const HOUR_MS = 3_600_000;

/** A champion whose answers the test gives, and a challenger beside it that takes pictures twice as wide. */
function openScene(limits: Partial<ShadowLimits> = {}) {
  const time = createManualTime();
  const listeners = new Set<OnClassified>();
  const champion = holdModel('champion', 1);
  const challenger = holdModel('challenger', 2);
  const ending = new AbortController();
  const runShadow = createShadow({
    model: {
      onClassified: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    clock: { monotonicMs: time.nowMs },
  });
  const asked: ShadowLimits = { frames: 100, windowMs: HOUR_MS, share01: 1, ...limits };
  const findings = runShadow(challenger, asked, ending.signal);
  const championSays = (label: string, id = 1, widths: readonly number[] = [1, 2]): void => {
    const prediction = {
      label,
      labelIndex: 0,
      probability: 0.8,
      probabilities: [0.8, 0.2],
      inferMs: 3,
    };
    for (const listener of listeners) listener(picturesOf(id, ...widths), { model: champion, prediction });
  };
  return { time, listeners, challenger, ending, findings, championSays };
}

test('the challenger sees the picture of its own size, and the shadow ends after the frames asked for', async () => {
  const { challenger, findings, championSays, time, listeners } = openScene({ frames: 2 });
  championSays('cat', 7);
  time.advance(10);
  challenger.answer('cat', 0.9, 6);
  await settle();
  championSays('cat', 8);
  time.advance(10);
  challenger.answer('dog', 0.9, 8);
  assert.deepEqual(await findings, {
    kind: 'shadow',
    frames: 2,
    windowSec: 0.02,
    agreement01: 0.5,
    disagreements: [{ champion: 'cat', challenger: 'dog', frames: 1 }],
    championMs: { p50: 3, p95: 3 },
    challengerMs: { p50: 6, p95: 8 },
    confidenceShift: 0.1,
    errors: 0,
    busy01: 1,
  });
  assert.deepEqual(challenger.asked, [7, 8]);
  assert.equal(listeners.size, 0);
  assert.equal(challenger.isReleased(), false, 'it may become the champion');
});

test('frames that come while the challenger is busy are not for it', async () => {
  const { challenger, findings, championSays, ending } = openScene();
  for (const id of [1, 2, 3]) championSays('cat', id);
  challenger.answer('cat');
  await settle();
  championSays('cat', 4);
  challenger.answer('cat');
  ending.abort();
  assert.equal((await findings).frames, 2);
  assert.deepEqual(challenger.asked, [1, 4]);
});

test('the challenger runs no more than its share of the time', async () => {
  const { challenger, findings, championSays, ending, time } = openScene({ share01: 0.25 });
  for (let id = 1; id <= 100; id += 1) {
    const before = challenger.asked.length;
    championSays('cat', id);
    if (challenger.asked.length > before) {
      time.advance(40);
      challenger.answer('cat');
      await settle();
      time.advance(60);
    } else time.advance(100);
  }
  ending.abort();
  const { busy01, frames } = await findings;
  assert.ok(busy01 > 0.2 && busy01 <= 0.26, String(busy01));
  assert.equal(frames, challenger.asked.length);
});

test('frames without a picture for the challenger are passed over', async () => {
  const { challenger, findings, championSays, ending } = openScene();
  championSays('cat', 1, [1]);
  ending.abort();
  assert.equal((await findings).frames, 0);
  assert.deepEqual(challenger.asked, []);
});

test('what the challenger fails on is counted, and it goes on', async () => {
  const { challenger, findings, championSays } = openScene({ frames: 1 });
  championSays('cat');
  challenger.fail(agentError('INFERENCE_CRASHED', 'gone'));
  await settle();
  championSays('cat');
  challenger.fail(agentError('MODEL_OUTPUT_INVALID', 'NaN'));
  await settle();
  championSays('cat');
  challenger.answer('cat');
  const { errors, frames } = await findings;
  assert.deepEqual([errors, frames], [2, 1]);
});

test('when the window is over, the frame in flight still counts, and the challenger is idle', async () => {
  const { challenger, findings, championSays, listeners } = openScene({ windowMs: 5 });
  championSays('cat');
  while (listeners.size > 0) await settle();
  challenger.answer('cat');
  assert.equal((await findings).frames, 1);
});

test('what is no coded error is a bug, and ends the shadow with it', async () => {
  const { challenger, findings, championSays } = openScene();
  championSays('cat');
  challenger.fail(new TypeError('no such thing'));
  await assert.rejects(findings, { name: 'TypeError' });
});

test('a challenger whose process dies is survived by the shadow and by the champion', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'watchpost-shadow-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const host = createChildProcessHost({ log: silentLogger, random: () => 0 });
  const plan: FramePlan = { width: 4, height: 2, fit: 'squash', scaleFlags: 'bilinear' };
  const run = async (digest: string): Promise<RunningModel> => {
    const { manifest } = tinyBundle();
    const classifier = await host.start(tinySpec(folder));
    return { digest, manifest, variant: 'fp32', threads: 1, plan, classifier };
  };
  const model = createActiveModel();
  await model.replace(await run('champion'));
  const older = childPids(process.pid, 'inference-child');
  const challenger = await run('challenger');
  const pid = childPids(process.pid, 'inference-child').find((candidate) => !older.includes(candidate));
  assert.ok(pid !== undefined);
  const runShadow = createShadow({ model, clock: systemClock });
  const shadow = runShadow(challenger, { frames: 3, windowMs: HOUR_MS, share01: 1 }, t.signal);
  const rgb = Uint8Array.from({ length: 24 }, (_, index) => (index % 3 === 0 ? 200 : 10));
  const say = async (): Promise<string | undefined> => {
    const looked = await model.classify(lookAt([{ plan, rgb }]));
    return looked.kind === 'classified' ? looked.prediction.label : undefined;
  };

  process.kill(pid, 'SIGSTOP');
  assert.equal(await say(), 'red');
  process.kill(pid, 'SIGKILL');
  await waitUntilGone(pid, t.signal);
  let isOver = false;
  shadow.finally(() => {
    isOver = true;
  });
  while (!isOver) assert.equal(await say(), 'red');

  const { frames, errors, agreement01 } = await shadow;
  assert.deepEqual([frames, errors, agreement01], [3, 1, 1]);
  await challenger.classifier.release();
  await model.release();
});
