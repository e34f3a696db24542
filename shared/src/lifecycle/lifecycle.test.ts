import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from './deployment.ts';
import { DEVICE_LIFECYCLE } from './device.ts';
import { MODEL_VERSION_LIFECYCLE } from './model-version.ts';
import { GROUP_LIFECYCLE, ROLLOUT_LIFECYCLE } from './rollout.ts';
import { advance, isTerminal, type Lifecycle } from './table.ts';

const TABLES: readonly (readonly [name: string, table: Lifecycle<string>, start: string])[] = [
  ['deployment', DEPLOYMENT_LIFECYCLE, 'pending'],
  ['rollout', ROLLOUT_LIFECYCLE, 'creating'],
  ['group', GROUP_LIFECYCLE, 'scheduled'],
  ['model version', MODEL_VERSION_LIFECYCLE, 'draft'],
];

function reachable(table: Lifecycle<string>, start: string): ReadonlySet<string> {
  const seen = new Set([start]);
  for (const state of seen) for (const next of table[state] ?? []) seen.add(next);
  return seen;
}

for (const [name, table, start] of TABLES) {
  test(`${name}: every state can be reached from ${start}`, () => {
    assert.deepEqual([...reachable(table, start)].sort(), Object.keys(table).sort());
  });
  test(`${name}: every state leads to an end`, () => {
    for (const state of Object.keys(table)) {
      assert.ok(
        [...reachable(table, state)].some((end) => isTerminal(table, end)),
        `${state} never ends`,
      );
    }
  });
}

test('the straight way of a deployment leads to success', () => {
  const way = [
    'queued',
    'downloading',
    'downloaded',
    'verifying',
    'installing',
    'testing',
    'success',
  ] as const;
  let state: DeploymentState = 'pending';
  for (const next of way) {
    const moved: DeploymentState | undefined = advance(DEPLOYMENT_LIFECYCLE, state, next);
    assert.equal(moved, next);
    state = next;
  }
});

test('a soft deployment waits between its verification and its test, and one that is only kept ends there', () => {
  assert.equal(advance(DEPLOYMENT_LIFECYCLE, 'verifying', 'waiting_for_quiet'), 'waiting_for_quiet');
  assert.equal(advance(DEPLOYMENT_LIFECYCLE, 'waiting_for_quiet', 'testing'), 'testing');
  assert.equal(advance(DEPLOYMENT_LIFECYCLE, 'verifying', 'kept'), 'kept');
  assert.ok(isTerminal(DEPLOYMENT_LIFECYCLE, 'kept'));
  assert.equal(advance(DEPLOYMENT_LIFECYCLE, 'testing', 'kept'), undefined, 'what ran is not only kept');
});

test('a pair that is not listed has no result', () => {
  assert.equal(advance(DEPLOYMENT_LIFECYCLE, 'success', 'testing'), undefined);
  assert.equal(advance(DEPLOYMENT_LIFECYCLE, 'pending', 'success'), undefined);
  assert.equal(advance(DEVICE_LIFECYCLE, 'decommissioned', 'accepted'), undefined);
});
