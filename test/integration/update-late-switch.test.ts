import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { openTrialBench, type TrialBench, V1, V2, V3 } from '../support/trial-bench.ts';
import { until } from '../support/until.ts';

/** What classifies before. */
const BEFORE = [
  { before: 'the model before', champion: V1 },
  { before: 'no model', champion: undefined },
] as const;
/** What a switch may be at when it is given up. */
const PLACES = [
  { place: 'before the model classifies', hook: 'switchTo' },
  { place: 'when the model classifies, and the disk was not told', hook: 'switched' },
] as const;

let bench: TrialBench;
beforeEach(async () => {
  bench = await openTrialBench();
});
afterEach(() => bench.close());

/** Holds up the switch to V2 there. */
function holdUp(hook: 'switchTo' | 'switched') {
  const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const aborted = Promise.withResolvers<void>();
  bench.box.trial.script({
    [hook]: async ({ digest }: { digest: string }, signal?: AbortSignal) => {
      if (digest !== V2.digest) return;
      signal?.addEventListener('abort', () => aborted.resolve(), { once: true });
      begun.resolve();
      await released.promise;
    },
  });
  return { begun: begun.promise, aborted: aborted.promise, release: released.resolve };
}

/** The disk and the cameras, now and after a restart. */
async function assertIs(champion: { readonly digest: string } | undefined): Promise<void> {
  const look = async () => {
    const { bundles } = bench.box;
    return [bench.box.running(), (await bundles.readSlots()).champion?.digest, await bundles.readBack()];
  };
  const wanted = [champion?.digest, champion?.digest, undefined];
  assert.deepEqual(await look(), wanted);
  await bench.box.restart();
  assert.deepEqual(await look(), wanted);
}

for (const { before, champion } of BEFORE) {
  for (const { place, hook } of PLACES) {
    test(`a switch that lasts too long ${place} ends with ${before}, however late it ends`, async () => {
      await bench.reopen({ limitMs: (phase) => (phase === 'switching' ? 50 : undefined) });
      if (champion !== undefined) await bench.deploy(champion, 'success');
      const late = holdUp(hook);
      const id = await bench.order(V2);
      await late.begun;
      await until('it is gone back', () => bench.box.updater.current()?.phase !== 'switching');
      late.release();
      const end = champion === undefined ? 'failure' : 'rolled_back';
      await bench.box.reached(id, end);
      assert.equal(bench.lastOf(id)?.reason, 'DEPLOYMENT_STEP_TIMEOUT');
      await assertIs(champion);
    });

    test(`a switch given up for a newer order ${place} leaves ${before}`, async () => {
      if (champion !== undefined) await bench.deploy(champion, 'success');
      const late = holdUp(hook);
      const superseded = await bench.order(V2);
      await late.begun;
      const waits = bench.source.hold();
      await bench.order(V3);
      await late.aborted;
      late.release();
      await waits;
      assert.equal(bench.lastOf(superseded)?.state, 'aborted');
      await assertIs(champion);
    });
  }
}
