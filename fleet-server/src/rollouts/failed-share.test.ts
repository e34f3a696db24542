import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { estimateFailed01 } from './failed-share.ts';
import { planRollout } from './rollout-planner.ts';
import { MINUTE_MS, member, NOW, POLICY, snapshot } from './rollout-samples.ts';
import type { Member } from './rollout-snapshot.ts';

let made = 0;
/** So many, ordered 5 minutes ago, which told their state after `afterMinutes`. */
const some = (
  count: number,
  state: DeploymentState,
  afterMinutes = 1,
  given: Partial<Member> = {},
): readonly Member[] =>
  Array.from({ length: count }, () => {
    made += 1;
    const orderedAtMs = NOW - 5 * MINUTE_MS;
    const changedAtMs = orderedAtMs + afterMinutes * MINUTE_MS;
    return member(`box-${made}`, { state, attempts: 1, orderedAtMs, changedAtMs, ...given });
  });
/** Ordered so lately that none of them came as far as those that failed. */
const young = { orderedAtMs: NOW - MINUTE_MS / 2 };

const ROWS: readonly (readonly [name: string, members: readonly Member[], expected: number])[] = [
  ['nobody failed', some(3, 'success'), 0],
  ['all are at their end: the share of the executed', [...some(3, 'failure'), ...some(7, 'success', 4)], 0.3],
  ['those at work came as far as the failed', [...some(4, 'failure'), ...some(96, 'testing')], 0.04],
  ['those at work did not come so far', [...some(4, 'failure'), ...some(96, 'testing', 0, young)], 1],
  [
    'of those at work half came so far',
    [...some(1, 'failure'), ...some(4, 'testing'), ...some(5, 'testing', 0, young)],
    0.2,
  ],
  ['those that download have nothing to try', [...some(4, 'failure'), ...some(96, 'downloading')], 1],
  ['those that wait for quiet try nothing', [...some(4, 'failure'), ...some(96, 'waiting_for_quiet')], 1],
  [
    'those that are away may never come back',
    [...some(4, 'failure'), ...some(96, 'testing', 1, { isConnected: false })],
    1,
  ],
  [
    'those at work may fall silent as others did',
    [...some(1, 'timed_out'), ...some(3, 'success'), ...some(96, 'testing')],
    0.25,
  ],
  [
    'who is rejected or excused is not executed',
    [
      ...some(1, 'failure'),
      ...some(5, 'rejected'),
      ...some(5, 'failure', 1, { isExcused: true }),
      ...some(1, 'success'),
    ],
    0.5,
  ],
];

for (const [name, members, expected] of ROWS) {
  test(`${name}: ${expected * 100} % fail`, () => {
    assert.equal(Number(estimateFailed01(members, POLICY, NOW).toFixed(9)), expected);
  });
}

const stateAfter = (members: readonly Member[]): readonly string[] =>
  planRollout(snapshot({ policy: { minExecuted: 10 }, members }), NOW).steps.map(({ kind }) => kind);

test('failures that are told before the successes of a good bundle pause nothing', () => {
  assert.deepEqual(
    stateAfter([...some(5, 'failure'), ...some(10, 'success', 4), ...some(165, 'testing')]),
    [],
  );
});

test('a bundle that fails on every box is stopped by the first ones, however many are behind them', () => {
  const members = [...some(10, 'failure'), ...some(500, 'testing', 0, young)];
  assert.deepEqual(stateAfter(members), ['group', 'rollout']);
});
