import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentJournal } from './deployment-journal.ts';
import { type QuietWaitDeps, waitForQuiet } from './quiet-wait.ts';

const NEVER = Number.MAX_SAFE_INTEGER;
const FIRST_MS = 1_000_000;

/** Waits on a clock that jumps a second with every look. @returns after how many seconds the wait was over */
async function waited(
  quiet: (second: number) => boolean,
  change: { softUntilMs?: number; isClockTrusted?: (second: number) => boolean } = {},
  signal = AbortSignal.timeout(10_000),
): Promise<number> {
  const { softUntilMs = NEVER, isClockTrusted } = change;
  let second = 0;
  const deps: QuietWaitDeps = {
    journal: { record: () => ({ softUntilMs }) } as unknown as DeploymentJournal,
    isQuiet: () => quiet(second),
    ...(isClockTrusted && { isClockTrusted: () => isClockTrusted(second) }),
    clock: { wallMs: () => FIRST_MS + second * 1_000, monotonicMs: () => second * 1_000 },
    wait: async () => {
      second += 1;
    },
  };
  await waitForQuiet(deps, signal);
  return second;
}

test('a box on which nothing is seen waits for half a minute: after a start its cameras see late', async () => {
  assert.equal(await waited(() => true), 30);
});

test('whatever is seen meanwhile, the half minute begins anew', async () => {
  assert.equal(await waited((second) => second !== 20), 51);
});

test('while something is seen it waits, until the time of the order', async () => {
  assert.equal(await waited(() => false, { softUntilMs: FIRST_MS + 100_000 }), 100);
});

test('a time that is over waits for nothing', async () => {
  assert.equal(await waited(() => false, { softUntilMs: FIRST_MS }), 0);
});

test('a clock that is not set yet brings no wait to its time', async () => {
  const isClockTrusted = (second: number) => second >= 500;
  assert.equal(await waited(() => false, { softUntilMs: FIRST_MS, isClockTrusted }), 500);
});

test('a wait ends when it is told to', async () => {
  await assert.rejects(
    waited(() => false, {}, AbortSignal.abort(new Error('stop'))),
    /stop/,
  );
});
