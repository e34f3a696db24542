import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRollout } from './rollout-planner.ts';
import { MINUTE_MS, member, NOW, ordered, type PlanRow, shorten, snapshot } from './rollout-samples.ts';

const HOUR_MS = 60 * MINUTE_MS;
const SOAKED = [{ index: 0, state: 'soaking', soakingSinceMs: NOW - 10 * MINUTE_MS }] as const;
const GOOD = [ordered('a', 'success'), ordered('b', 'success')];

const PLANS: readonly PlanRow[] = [
  [
    'a device that waits for quiet is not timed out before its time has come',
    {
      policy: { type: 'soft', softHours: 10 },
      members: [ordered('a', 'waiting_for_quiet', { orderedAtMs: NOW - 10.4 * HOUR_MS, changedAtMs: 0 })],
    },
    [],
  ],
  [
    'nor for ever',
    {
      policy: { type: 'soft', softHours: 10 },
      members: [ordered('a', 'waiting_for_quiet', { orderedAtMs: NOW - 10.5 * HOUR_MS, changedAtMs: 0 })],
    },
    ['a timed_out STEP_TIMEOUT'],
  ],
  [
    'a device that waits for quiet holds nobody up',
    { policy: { type: 'soft' }, members: [...GOOD, ordered('c', 'waiting_for_quiet')] },
    ['group 0 soaking'],
  ],
  [
    'but while it may still make the group one that succeeded, that waits',
    {
      policy: { type: 'soft', errorThreshold: 0.9 },
      members: [...GOOD, ordered('c', 'failure'), ordered('d', 'waiting_for_quiet')],
    },
    [],
  ],
  [
    'a rollout waits for who waits for quiet',
    {
      policy: { type: 'soft' },
      groups: [{ index: 0, state: 'finished' }],
      members: [...GOOD, ordered('c', 'waiting_for_quiet')],
    },
    [],
  ],
  [
    'a device that waits for quiet downloads nothing, and may go dark at any moment',
    {
      policy: {
        type: 'soft',
        maxParallelDownloads: 1,
        disruptionBudget: { groupBy: 'site', maxUnavailable: 1 },
      },
      members: [
        ordered('a', 'waiting_for_quiet', { budgetKey: 'x' }),
        member('b', { budgetKey: 'x' }),
        member('c', { budgetKey: 'y' }),
      ],
    },
    ['order c 1'],
    { disruption_budget: ['b'] },
  ],
  [
    'a bundle that is kept is a success, and no gate is asked about it',
    {
      policy: { type: 'download_only', gates: [{ gate: 'fps' }] },
      groups: SOAKED,
      members: [ordered('a', 'kept'), ordered('b', 'already_installed')],
    },
    ['group 0 finished'],
  ],
  [
    'a bundle that cannot be kept is a failure as any other',
    {
      policy: { type: 'download_only' },
      members: [ordered('a', 'kept'), ordered('b', 'failure'), ordered('c', 'failure')],
    },
    ['group 0 error', 'rollout paused'],
  ],
  [
    'who waits for quiet is called back: the newer order takes the place of the one it waits with',
    {
      policy: { type: 'soft' },
      members: [ordered('a', 'waiting_for_quiet')],
      rest: { state: 'rolling_back', rollingBackSinceMs: NOW },
    },
    ['restore a 1'],
  ],
  [
    'what was only kept is not taken back; who still downloads comes to its end',
    {
      policy: { type: 'download_only' },
      members: [ordered('a', 'kept'), ordered('b', 'queued')],
      rest: { state: 'rolling_back', rollingBackSinceMs: NOW },
    },
    [],
  ],
  [
    'and then the rollout is rolled back',
    {
      policy: { type: 'download_only' },
      members: [ordered('a', 'kept')],
      rest: { state: 'rolling_back', rollingBackSinceMs: NOW },
    },
    ['rollout rolled_back'],
  ],
];

const UNTIL: readonly (readonly [
  name: string,
  given: Parameters<typeof snapshot>[0],
  untilMs: number | undefined,
])[] = [
  [
    'by the hours of the policy',
    { policy: { type: 'soft', softHours: 3 }, members: [member('a')] },
    NOW + 3 * HOUR_MS,
  ],
  ['a day where it gives none', { policy: { type: 'soft' }, members: [member('a')] }, NOW + 24 * HOUR_MS],
  [
    'never after its window has closed',
    { policy: { type: 'soft' }, members: [member('a', { windowClosesAtMs: NOW + HOUR_MS })] },
    NOW + HOUR_MS,
  ],
  [
    'nor later than its hours because the window is longer',
    {
      policy: { type: 'soft', softHours: 1 },
      members: [member('a', { windowClosesAtMs: NOW + 9 * HOUR_MS })],
    },
    NOW + HOUR_MS,
  ],
  ['a forced one has no such time', { members: [member('a', { windowClosesAtMs: NOW + 1 })] }, undefined],
];
for (const [name, given, untilMs] of UNTIL) {
  test(`rollout: a device that is ordered installs at the latest: ${name}`, () => {
    const [step] = planRollout(snapshot(given), NOW).steps;
    assert.ok(step?.kind === 'order');
    assert.equal(step.softUntilMs, untilMs);
  });
}

for (const [name, given, steps, held] of PLANS) {
  test(`rollout: ${name}`, () => {
    const found = planRollout(snapshot(given), NOW);
    assert.deepEqual(found.steps.map(shorten), steps);
    if (held !== undefined) assert.deepEqual(Object.fromEntries(found.held), held);
  });
}
