import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as settle } from 'node:timers/promises';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createActiveModel } from '../../agent/src/inference/active-model.ts';
import type { OpenModel } from '../../agent/src/inference/port.ts';
import { systemClock } from '../../agent/src/kernel/system-clock.ts';
import { createModelTrial } from '../../agent/src/model-trial.ts';
import type { InstalledBundle } from '../../agent/src/update/port.ts';
import { type HeldModel, holdModel } from '../support/held-model.ts';
import { tinyBundle } from '../support/tiny-bundle.ts';

const CHOICE = { variant: 'fp32', threads: 1 };
const FOREVER = new AbortController().signal;
const bundleOf = (digest: string): InstalledBundle => ({
  digest,
  folder: '/nowhere',
  manifest: tinyBundle().manifest,
});

/** A box whose models load at once, but for those that are held up, which heed no signal. */
function openBox() {
  const model = createActiveModel();
  const opened: HeldModel[] = [];
  const holdUps = new Map<string, { begun(): void; readonly released: Promise<void> }>();
  const open: OpenModel = async ({ digest }) => {
    const holdUp = holdUps.get(digest);
    holdUps.delete(digest);
    holdUp?.begun();
    await holdUp?.released;
    const held = holdModel(digest);
    opened.push(held);
    return held;
  };
  const trial = createModelTrial({
    open,
    selfTest: () => Promise.reject(new Error('nothing is tested here')),
    runShadow: () => Promise.reject(new Error('no frame comes')),
    model,
    cameras: () => [],
    settings: {
      inference: { spinning: false, accelerator: 'auto', maxMemoryBytes: 1e9 },
      shadow: { frames: 1, minutes: 1, share01: 1, minAgreement01: 0 },
    },
    cores: 1,
    clock: systemClock,
    log: silentLogger,
  });
  return {
    trial,
    runs: () => model.current()?.digest,
    /** Those whose process was not ended. */
    alive: () => opened.filter((it) => !it.isReleased()).map(({ digest }) => digest),
    opened: () => opened.map(({ digest }) => digest),
    holdUp: (digest: string) => {
      const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      holdUps.set(digest, { begun: begun.resolve, released: released.promise });
      return { begun: begun.promise, release: released.resolve };
    },
  };
}

test('a switch that is given up while its model loads is none, and the way back has the last word', async () => {
  const { trial, runs, alive, opened, holdUp } = openBox();
  await trial.switchTo(bundleOf('v1'), CHOICE);
  const late = holdUp('v2');
  const givingUp = new AbortController();
  const switching = trial.switchTo(bundleOf('v2'), CHOICE, givingUp.signal);
  await late.begun;
  givingUp.abort(new Error('it lasts too long'));
  const back = trial.switchTo(bundleOf('v1'), CHOICE).then(() => trial.settle());
  late.release();
  await assert.rejects(switching, /it lasts too long/);
  await back;
  assert.deepEqual([runs(), alive()], ['v1', ['v1']]);
  assert.deepEqual(opened(), ['v1', 'v2'], 'what runs already is not loaded again');
});

test('a switch that is given up too late is over before the way back begins', async () => {
  const { trial, runs, alive, holdUp } = openBox();
  await trial.switchTo(bundleOf('v1'), CHOICE);
  const late = holdUp('v2');
  const switching = trial.switchTo(bundleOf('v2'), CHOICE);
  await late.begun;
  const back = trial.switchTo(bundleOf('v1'), CHOICE).then(() => trial.settle());
  await settle();
  late.release();
  await Promise.all([switching, back]);
  assert.deepEqual([runs(), alive()], ['v1', ['v1']]);
});

test('a box that is to run no model any more runs none, whatever is under way', async () => {
  const { trial, runs, alive, holdUp } = openBox();
  const late = holdUp('v1');
  const switching = trial.switchTo(bundleOf('v1'), CHOICE);
  await late.begun;
  const down = trial.standDown();
  late.release();
  await Promise.all([switching, down]);
  assert.deepEqual([runs(), alive()], [undefined, []]);
});

test('of two challengers that are loaded at the same time, no process is left behind', async () => {
  const { trial, runs, alive, holdUp } = openBox();
  await trial.switchTo(bundleOf('v1'), CHOICE);
  const late = holdUp('v2');
  const givingUp = new AbortController();
  const given = trial.shadow(bundleOf('v2'), CHOICE, givingUp.signal);
  await late.begun;
  givingUp.abort(new Error('another order came'));
  const next = trial.shadow(bundleOf('v3'), CHOICE, FOREVER);
  late.release();
  await assert.rejects(given, /another order came/);
  await next;
  assert.deepEqual(alive(), ['v1', 'v3']);
  await trial.switchTo(bundleOf('v3'), CHOICE);
  await trial.settle();
  assert.deepEqual([runs(), alive()], ['v3', ['v3']]);
});
