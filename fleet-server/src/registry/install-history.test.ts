import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { DeploymentFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import { findRunning, listRuns } from './install-history.ts';

const run = (deploymentId: string, sinceMs: number) => ({
  deploymentId,
  digest: deploymentId,
  sinceMs,
  reportedAtMs: sinceMs + 5,
});

test('what ran is the last run that began at or before the time', () => {
  const runs = [run('a', 100), run('b', 200)];
  assert.equal(findRunning(runs, 99), undefined);
  assert.deepEqual(findRunning(runs, 100), { ...run('a', 100), untilMs: 200 });
  assert.equal(findRunning(runs, 199)?.deploymentId, 'a');
  assert.deepEqual(findRunning(runs, 200), run('b', 200));
  assert.equal(findRunning([], 5), undefined);
});

test('reports that came late stand at their time; of two at once the later told ran', () => {
  assert.equal(findRunning([run('b', 200), run('a', 100)], 150)?.deploymentId, 'a');
  assert.equal(findRunning([run('a', 100), run('b', 100)], 100)?.deploymentId, 'b');
});

/** Deployment and bundle have the same name. */
type Told = readonly [string, number, DeploymentState, DeploymentFindings?];
const SWITCH: DeploymentFindings = { kind: 'switch', framesDropped: 0, tookMs: 3 };
const backTo = (digest?: string): DeploymentFindings => ({
  kind: 'rollback',
  tookMs: 9,
  ...(digest !== undefined && { digest }),
});
const GOOD: readonly Told[] = [
  ['a', 10, 'testing', SWITCH],
  ['a', 20, 'success'],
];

const CASES: readonly [string, readonly Told[], readonly string[]][] = [
  ['runs from the switch, and the success changes nothing', GOOD, ['a@10']],
  ['runs from the success when the switch was not told', [['a', 20, 'success']], ['a@20']],
  ['runs when the device had it already', [['a', 20, 'already_installed']], ['a@20']],
  [
    'runs until the rollback, and then what it names',
    [...GOOD, ['b', 30, 'testing', SWITCH], ['b', 40, 'rolled_back', backTo('a')]],
    ['a@10', 'b@30', 'a@40'],
  ],
  [
    'gives way to the one before when the rollback names none',
    [...GOOD, ['b', 30, 'testing', SWITCH], ['b', 40, 'rolled_back']],
    ['a@10', 'b@30', 'a@40'],
  ],
  [
    'never ran when it was rolled back before the switch',
    [...GOOD, ['b', 30, 'testing'], ['b', 40, 'rolled_back', backTo('a')], ['c', 50, 'failure']],
    ['a@10'],
  ],
  [
    'gives way to nothing when there was none before',
    [
      ['b', 30, 'testing', SWITCH],
      ['b', 40, 'rolled_back', backTo()],
    ],
    ['b@30', 'none@40'],
  ],
  [
    'gives way to nothing when it failed after the switch',
    [
      ['b', 30, 'testing', SWITCH],
      ['b', 40, 'failure'],
    ],
    ['b@30', 'none@40'],
  ],
  [
    'runs again when it is tried again',
    [
      ...GOOD,
      ['b', 30, 'testing', SWITCH],
      ['b', 40, 'rolled_back', backTo('a')],
      ['b', 50, 'testing', SWITCH],
      ['b', 55, 'testing', SWITCH],
    ],
    ['a@10', 'b@30', 'a@40', 'b@50'],
  ],
];

for (const [name, told, expected] of CASES) {
  test(`a bundle ${name}`, () => {
    const runs = listRuns(
      told.map(([id, tsMs, state, findings]) => ({
        deploymentId: id,
        bundleDigest: id,
        state,
        tsMs,
        historical: false,
        receivedAtMs: tsMs + 5,
        ...(findings !== undefined && { findings }),
      })),
    );
    assert.deepEqual(
      runs.map(({ digest = 'none', sinceMs }) => `${digest}@${sinceMs}`),
      expected,
    );
    const [first] = runs;
    assert.equal(first?.deploymentId, told[0]?.[0]);
    assert.equal(first?.reportedAtMs, (first?.sinceMs ?? 0) + 5);
  });
}
