import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEPLOYMENT_STATES, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import fc from 'fast-check';
import { findStanding, orderChanges } from './deployment-progress.ts';

const CASES: readonly [string, readonly DeploymentState[], DeploymentState | undefined][] = [
  ['pending before the first change', [], undefined],
  ['the next state', ['queued'], 'queued'],
  ['a state further on, when those between are missing', ['testing'], 'testing'],
  ['a wait and the way back', ['downloading', 'waiting_for_window', 'queued'], 'queued'],
  ['where it is when no path leads on', ['testing', 'downloading'], 'testing'],
  ['its first end', ['success', 'failure', 'rolled_back'], 'success'],
  ['an end that comes after a path that does not exist', ['testing', 'queued', 'rolled_back'], 'rolled_back'],
];

for (const [name, states, expected] of CASES) {
  test(`a deployment stands at ${name}`, () => {
    assert.equal(findStanding(states.map((state) => ({ state })))?.state, expected);
  });
}

test('a state told again stands at what was told last, an end at what was told first', () => {
  const at = (state: DeploymentState, detail: number) => ({ state, detail });
  assert.equal(findStanding([at('testing', 1), at('testing', 2)])?.detail, 2);
  assert.equal(findStanding([at('success', 1), at('success', 2)])?.detail, 1);
});

const EPOCHS = ['00000000000000ff', '00000000000000aa'] as const;
const stateOf = fc.constantFrom(...DEPLOYMENT_STATES);
const history = fc
  .tuple(fc.array(stateOf, { maxLength: 12 }), fc.array(stateOf, { maxLength: 6 }))
  .map((states) =>
    states.flatMap((ofEpoch, index) =>
      ofEpoch.map((state, at) => ({ epoch: EPOCHS[index] ?? '', seq: at + 1, state })),
    ),
  );

test('whatever the order in which an epoch arrives, its changes stand in the order of their numbers', () => {
  const arrived = history.chain((changes) => {
    const [old, young] = EPOCHS.map((epoch) => changes.filter((change) => change.epoch === epoch));
    const mixed = (of: typeof changes = []) => fc.shuffledSubarray(of, { minLength: of.length });
    return fc.tuple(fc.constant(changes), mixed(old), mixed(young));
  });
  fc.assert(
    fc.property(arrived, ([changes, old, young]) => {
      assert.deepEqual(orderChanges([...old, ...young]), changes);
    }),
  );
});

test('whatever the order in which changes come, a deployment stands at the same one', () => {
  const changes = fc
    .array(fc.constantFrom(...DEPLOYMENT_STATES), { minLength: 1, maxLength: 12 })
    .map((states) => states.map((state, index) => ({ epoch: 'one', seq: index + 1, state })));
  const shuffled = changes.chain((those) =>
    fc.tuple(
      fc.constant(those),
      fc.shuffledSubarray(those, { minLength: those.length, maxLength: those.length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([inOrder, asTheyCame]) => {
      assert.deepEqual(findStanding(orderChanges(asTheyCame)), findStanding(orderChanges(inOrder)));
    }),
  );
});
