import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRollout } from './rollout-planner.ts';
import { MINUTE_MS, member, NOW, ordered, type PlanRow, shorten, snapshot } from './rollout-samples.ts';

const GOOD = [ordered('a', 'success'), ordered('b', 'success')];

const PLANS: readonly PlanRow[] = [
  ['a paused rollout orders nobody', { members: [member('a')], rest: { state: 'paused' } }, []],
  [
    'a pause that outlasts the time of the rollout ends it',
    { members: [member('a')], rest: { state: 'paused', startedAtMs: NOW - 500 * MINUTE_MS } },
    ['rollout stopping'],
  ],
  [
    'a rollout that stops lets go of who waits, and waits for who is in work',
    { members: [member('a'), ordered('b', 'testing')], rest: { state: 'stopping' } },
    ['a aborted ROLLOUT_STOPPED'],
  ],
  ['with nobody in work it is stopped', { members: GOOD, rest: { state: 'stopping' } }, ['rollout stopped']],
  [
    'a rollback sends back who has the bundle or is getting it, where there is a way back',
    {
      members: [
        ...GOOD,
        ordered('c', 'testing'),
        ordered('d', 'failure'),
        ordered('e', 'success', { hasPrevious: false }),
        ordered('f', 'success', { isConnected: false }),
      ],
      rest: { state: 'rolling_back', rollingBackSinceMs: NOW },
    },
    ['restore a 1', 'restore b 1', 'restore c 1'],
    { offline: ['f'] },
  ],
  [
    'a rollback disturbs no more devices than the budget has room for; one in work is disturbed already',
    {
      policy: { disruptionBudget: { groupBy: 'site', maxUnavailable: 1 } },
      members: [
        ordered('a', 'testing', { budgetKey: 'x' }),
        ordered('b', 'success', { budgetKey: 'x' }),
        ordered('c', 'success', { budgetKey: 'y', windowOpensAtMs: NOW + 1 }),
      ],
      rest: { state: 'rolling_back', rollingBackSinceMs: NOW },
    },
    ['restore a 1', 'restore c 1'],
    { disruption_budget: ['b'] },
  ],
  [
    'a device that fell silent is sent back as well: its order waits for it',
    {
      members: [ordered('a', 'timed_out')],
      rest: { state: 'rolling_back', rollingBackSinceMs: NOW },
    },
    ['restore a 1'],
  ],
  [
    'so is one that had the bundle when it was ordered again: it got it by the order before',
    {
      members: [
        ordered('a', 'already_installed', { attempts: 2 }),
        ordered('b', 'already_installed', { hasPrevious: false }),
      ],
      rest: { state: 'rolling_back', rollingBackSinceMs: NOW },
    },
    ['restore a 1'],
  ],
  [
    'a way back that failed and may pass is tried again',
    {
      policy: { retries: 1 },
      members: [
        ordered('a', 'success', {
          restore: { state: 'failure', orderedAtMs: NOW - MINUTE_MS, attempts: 1, mayRetry: true },
        }),
      ],
      rest: { state: 'rolling_back', rollingBackSinceMs: NOW },
    },
    ['restore a 2'],
  ],
  [
    'a device that says nothing on its way back is timed out',
    {
      members: [
        ordered('a', 'success', {
          restore: { state: 'queued', orderedAtMs: NOW - 30 * MINUTE_MS, attempts: 1, mayRetry: true },
        }),
      ],
      rest: { state: 'rolling_back', rollingBackSinceMs: NOW },
    },
    ['back a timed_out'],
  ],
  [
    'a rollback waits for absent devices no longer than its own time',
    {
      members: [ordered('a', 'success', { isConnected: false })],
      rest: { state: 'rolling_back', rollingBackSinceMs: NOW - 500 * MINUTE_MS },
    },
    ['rollout rolled_back'],
  ],
  [
    'a rollback waits for devices on their way, and for absent ones',
    {
      members: [
        ordered('a', 'success', {
          restore: { state: 'testing', orderedAtMs: NOW, attempts: 1, mayRetry: false },
        }),
      ],
      rest: { state: 'rolling_back' },
    },
    [],
  ],
  [
    'and is over when they are back',
    {
      members: [
        ordered('a', 'success', {
          restore: { state: 'success', orderedAtMs: NOW, attempts: 1, mayRetry: false },
        }),
      ],
      rest: { state: 'rolling_back' },
    },
    ['rollout rolled_back'],
  ],
];

for (const [name, given, steps, held] of PLANS) {
  test(`rollout: ${name}`, () => {
    const found = planRollout(snapshot(given), NOW);
    assert.deepEqual(found.steps.map(shorten), steps);
    if (held !== undefined) assert.deepEqual(Object.fromEntries(found.held), held);
  });
}
