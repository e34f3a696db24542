import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { applyChange } from './deployment-progress.ts';

const EPOCH = '00000000000000aa';
const change = (seq: number, state: DeploymentState, epoch = EPOCH) => ({
  deploymentId: 'd1',
  tsMs: 1,
  state,
  bundleDigest: 'a'.repeat(64),
  epoch,
  seq,
  firstSeq: 1,
  historical: false,
});

const CASES: readonly [
  string,
  DeploymentState,
  number,
  ReturnType<typeof change>,
  DeploymentState | undefined,
][] = [
  ['the next state', 'pending', 0, change(1, 'queued'), 'queued'],
  ['a state further on, when those between are missing', 'pending', 0, change(4, 'testing'), 'testing'],
  ['the same state with a new detail', 'downloading', 2, change(3, 'downloading'), 'downloading'],
  ['a wait and the way back', 'downloading', 2, change(3, 'waiting_for_window'), 'waiting_for_window'],
  ['a late change: nothing', 'downloading', 5, change(4, 'downloaded'), undefined],
  ['a way that does not exist: nothing', 'testing', 5, change(6, 'downloading'), undefined],
  ['a change after the end: nothing', 'success', 5, change(6, 'failure'), undefined],
  ['the same end again: nothing', 'success', 5, change(6, 'success'), undefined],
  [
    'a smaller number of a new epoch',
    'downloading',
    5,
    change(1, 'downloaded', 'ffffffffffffffff'),
    'downloaded',
  ],
];

for (const [name, state, seq, reported, expected] of CASES) {
  test(`a deployment takes ${name}`, () => {
    assert.equal(applyChange({ state, epoch: EPOCH, seq }, reported)?.state, expected);
  });
}

test('reason and detail are those of the change', () => {
  const failed = { ...change(2, 'failure'), reason: 'DIGEST_MISMATCH', detail: 'model.onnx' };
  const after = applyChange({ state: 'verifying', detail: 'old', epoch: EPOCH, seq: 1 }, failed);
  assert.deepEqual(after, {
    state: 'failure',
    epoch: EPOCH,
    seq: 2,
    reason: 'DIGEST_MISMATCH',
    detail: 'model.onnx',
  });
});
