import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnoseModel, type ModelFacts } from './diagnose-model.ts';

const runs = (
  latencyMs: number | undefined,
  golden: { count: number; failed?: string } = { count: 3 },
): ModelFacts => ({
  kind: 'runs',
  name: 'pets 1.2.0',
  golden,
  latencyMs,
  providers: ['cpu'],
});

const CASES: readonly (readonly [string, ModelFacts, readonly string[]])[] = [
  ['there is none', { kind: 'none' }, ['warning']],
  ['its files are damaged', { kind: 'unsound', detail: 'x' }, ['problem']],
  ['it cannot be loaded', { kind: 'fails', name: 'a', detail: 'x', remedy: 'y' }, ['ok', 'problem']],
  ['it has time to spare', runs(10), ['ok', 'ok', 'ok', 'ok']],
  ['it is just fast enough', runs(45), ['ok', 'ok', 'ok', 'warning']],
  ['it is too slow', runs(60), ['ok', 'ok', 'ok', 'problem']],
  ['it has no golden frames', runs(10, { count: 0 }), ['ok', 'ok', 'skipped', 'ok']],
  ['it gives other results here', runs(undefined, { count: 3, failed: 'cat.png' }), ['ok', 'ok', 'problem']],
];
for (const [name, facts, verdicts] of CASES) {
  test(`a model for 20 frames a second: when ${name}, that is ${verdicts.at(-1)}`, () =>
    assert.deepEqual(
      diagnoseModel(facts, 20).map(({ verdict }) => verdict),
      verdicts,
    ));
}
