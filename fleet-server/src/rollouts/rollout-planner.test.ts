import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRollout } from './rollout-planner.ts';
import { MINUTE_MS, member, NOW, ordered, type PlanRow, shorten, snapshot } from './rollout-samples.ts';
import type { Group } from './rollout-snapshot.ts';

const soaking = (sinceMs: number): readonly Group[] => [
  { index: 0, state: 'soaking', soakingSinceMs: sinceMs },
  { index: 1, state: 'scheduled' },
];
const SOAKED = soaking(NOW - 600_000);
const GOOD = [ordered('a', 'success'), ordered('b', 'success')];

const PLANS: readonly PlanRow[] = [
  [
    'a group whose turn it is starts, and the next one does not',
    {
      groups: [
        { index: 0, state: 'scheduled' },
        { index: 1, state: 'scheduled' },
      ],
      members: [member('a')],
    },
    ['group 0 running'],
  ],
  [
    'connected devices of a running group are ordered, offline ones and later groups are not',
    {
      groups: [
        { index: 0, state: 'running' },
        { index: 1, state: 'scheduled' },
      ],
      members: [member('a'), member('b', { isConnected: false }), member('c', { group: 1 })],
    },
    ['order a 1'],
    { offline: ['b'], not_its_turn: ['c'] },
  ],
  [
    'an unfit device is rejected before anything is ordered',
    { members: [member('a', { unfit: { code: 'NO_ROOM', detail: 'disk' } }), member('b')] },
    ['a rejected NO_ROOM'],
  ],
  [
    'a device outside its window waits, and so does one another rollout has in work',
    { members: [member('a', { windowOpensAtMs: NOW + 5 }), member('b', { takenBy: 'r2' })] },
    [],
    { window: ['a'], other_rollout: ['b'] },
  ],
  [
    'the rate counts the orders of the last minute',
    {
      policy: { rate: { base: 2, increment: 1, max: 2 } },
      members: [ordered('a', 'queued', { orderedAtMs: NOW - 59_999 }), member('b'), member('c')],
    },
    ['order b 1'],
    { rate: ['c'] },
  ],
  [
    'the rate grows with the successes, up to its maximum',
    {
      policy: { rate: { base: 1, increment: 2, max: 3 } },
      members: [ordered('a', 'success'), ...['b', 'c', 'd'].map((id) => member(id))],
    },
    ['order b 1', 'order c 1'],
    { rate: ['d'] },
  ],
  [
    'no more devices download than may',
    { policy: { maxParallelDownloads: 1 }, members: [ordered('a', 'downloading'), member('b')] },
    [],
    { parallel_downloads: ['b'] },
  ],
  [
    'a device that tests is no download',
    { policy: { maxParallelDownloads: 1 }, members: [ordered('a', 'testing'), member('b')] },
    ['order b 1'],
  ],
  [
    'the budget of a site counts devices of other rollouts too',
    {
      policy: { disruptionBudget: { groupBy: 'site', maxUnavailable: 1 } },
      members: [
        ordered('a', 'testing', { budgetKey: 'x' }),
        ...['x', 'y', 'z', 'z'].map((budgetKey, index) => member(`m${index}`, { budgetKey })),
      ],
      rest: { otherInWork: new Map([['y', 1]]) },
    },
    ['order m2 1'],
    { disruption_budget: ['m0', 'm1', 'm3'] },
  ],
  [
    'a device in work that says nothing is timed out',
    { members: [ordered('a', 'downloading', { orderedAtMs: 0, changedAtMs: NOW - 30 * MINUTE_MS })] },
    ['a timed_out STEP_TIMEOUT'],
  ],
  [
    'at the end of its time a rollout lets go of who never came',
    {
      members: [member('a', { isConnected: false }), ordered('b', 'testing')],
      rest: { startedAtMs: NOW - 500 * MINUTE_MS },
    },
    ['a timed_out ROLLOUT_TIMEOUT'],
  ],
  [
    'a failure that may pass is tried again, a minute later',
    {
      policy: { retries: 1 },
      members: [
        ordered('a', 'failure', { mayRetry: true, changedAtMs: NOW - MINUTE_MS }),
        ordered('b', 'failure', { mayRetry: true, changedAtMs: NOW - MINUTE_MS + 1 }),
      ],
    },
    ['order a 2'],
    { retry_delay: ['b'] },
  ],
  [
    'out of time nothing is tried again',
    {
      policy: { retries: 1 },
      groups: [{ index: 0, state: 'finished' }],
      members: [...GOOD, ordered('c', 'failure', { mayRetry: true, isConnected: false, isExcused: true })],
      rest: { startedAtMs: NOW - 500 * MINUTE_MS },
    },
    ['rollout finished'],
  ],
  [
    'a failure that stays, a rejection and a spent retry are not',
    {
      policy: { retries: 1, minExecuted: 9, errorThreshold: 1 },
      members: [
        ordered('a', 'failure'),
        ordered('b', 'rejected', { mayRetry: true }),
        ordered('c', 'failure', { mayRetry: true, attempts: 2 }),
        ordered('d', 'testing'),
      ],
    },
    [],
  ],
  [
    'no threshold is looked at before enough devices were executed',
    {
      policy: { minExecuted: 3 },
      members: [ordered('a', 'failure'), ordered('b', 'failure'), ordered('c', 'testing')],
    },
    [],
  ],
  [
    'a group of which too few succeeded, and none can any more, is an error',
    {
      policy: { errorThreshold: 0.9 },
      members: [...GOOD, ordered('c', 'failure')],
    },
    ['group 0 error', 'rollout paused'],
  ],
  [
    'while offline devices may still make it one that succeeded it waits',
    {
      policy: { errorThreshold: 0.9 },
      members: [...GOOD, ordered('c', 'failure'), member('d', { isConnected: false })],
    },
    [],
  ],
  [
    'a failure that a person excused counts for nothing',
    { members: [...GOOD, ordered('c', 'failure', { isExcused: true })] },
    ['group 0 soaking'],
  ],
  [
    'a group in error runs again when its rollout does',
    { groups: [{ index: 0, state: 'error' }], members: GOOD },
    ['group 0 running'],
  ],
  [
    'a device that left the fleet is no failure',
    { members: [ordered('a', 'downloading', { isGone: true }), member('b', { isGone: true })] },
    ['a decommissioned DEVICE_GONE', 'b decommissioned DEVICE_GONE'],
  ],
  [
    'who got the bundle of a rollout that goes first is let go',
    { members: [member('a', { outrankedBy: 'r2' }), ordered('b', 'testing', { outrankedBy: 'r2' })] },
    ['a aborted ROLLOUT_OUTRANKED'],
  ],
  [
    'a group smaller than the minimum needs all it has',
    { policy: { minExecuted: 3 }, members: GOOD },
    ['group 0 soaking'],
  ],
  [
    'too many failures are an error of the group, and the rollout pauses',
    { members: [ordered('a', 'failure'), ordered('b', 'success'), ordered('c', 'success')] },
    ['group 0 error', 'rollout paused'],
  ],
  [
    'onError stop stops',
    { policy: { onError: 'stop' }, members: [ordered('a', 'failure'), ordered('b', 'failure')] },
    ['group 0 error', 'rollout stopping'],
  ],
  [
    'onError rollback turns back',
    { policy: { onError: 'rollback' }, members: [ordered('a', 'rolled_back'), ordered('b', 'rolled_back')] },
    ['group 0 error', 'rollout rolling_back'],
  ],
  [
    'an end that is no failure type harms nothing',
    { policy: { failureTypes: ['failure'] }, members: [ordered('a', 'rolled_back'), ...GOOD] },
    ['group 0 soaking'],
  ],
  [
    'a group with offline devices soaks once all that can go on are done',
    { members: [...GOOD, ...['c', 'd'].map((id) => member(id, { isConnected: false }))] },
    ['group 0 soaking'],
  ],
  [
    'nor while a device that was here just now may be back in a moment',
    { members: [...GOOD, member('c', { isConnected: false, expectedUntilMs: NOW + 1 })] },
    [],
  ],
  [
    'silence from before this server listened is none',
    {
      members: [ordered('a', 'downloading', { orderedAtMs: 0, changedAtMs: 0 })],
      rest: { listeningSinceMs: NOW - 30 * MINUTE_MS + 1 },
    },
    [],
  ],
  ['a group does not soak while a device is in work', { members: [...GOOD, ordered('c', 'testing')] }, []],
  [
    'a group without any fit device does not hold up the rollout',
    { members: [ordered('a', 'rejected', { attempts: 0 })] },
    ['group 0 soaking'],
  ],
  ['a group soaks for its time', { groups: soaking(NOW - 599_999), members: GOOD }, []],
  ['a group that soaked is finished', { groups: SOAKED, members: GOOD }, ['group 0 finished']],
  [
    'a gate that cannot tell yet keeps a group soaking',
    {
      groups: SOAKED,
      policy: { gates: [{ gate: 'fps' }] },
      members: GOOD,
      rest: { verdicts: [{ gate: 'fps', verdict: 'open', why: 'too few frames' }] },
    },
    [],
  ],
  [
    'a gate that fails is an error, at once',
    {
      groups: soaking(NOW),
      members: GOOD,
      rest: { verdicts: [{ gate: 'latency', verdict: 'fail', why: '90 ms' }] },
    },
    ['group 0 error', 'rollout paused'],
  ],
  [
    'a gate nobody asked yet keeps a group soaking',
    { policy: { gates: [{ gate: 'fps' }] }, groups: SOAKED, members: GOOD },
    [],
  ],
  [
    'a gate that can never tell is an error at the end of the time',
    {
      policy: { gates: [{ gate: 'fps' }] },
      groups: SOAKED,
      members: GOOD,
      rest: { startedAtMs: NOW - 500 * MINUTE_MS },
    },
    ['group 0 error', 'rollout paused'],
  ],
  [
    'a soaking group whose devices fail is an error',
    { groups: SOAKED, members: [ordered('a', 'success'), ordered('b', 'failure')] },
    ['group 0 error', 'rollout paused'],
  ],
  [
    'a soaking group that falls below its threshold runs again',
    {
      policy: { errorThreshold: 0.5 },
      groups: SOAKED,
      members: [ordered('a', 'success'), ordered('b', 'failure')],
    },
    ['group 0 running'],
  ],
  [
    'late devices of a finished group are ordered',
    {
      groups: [
        { index: 0, state: 'finished' },
        { index: 1, state: 'running' },
      ],
      members: [...GOOD, member('c'), member('d', { group: 1 })],
    },
    ['order c 1', 'order d 1'],
  ],
  [
    'late failures count for the rollout as a whole',
    {
      groups: [
        { index: 0, state: 'finished' },
        { index: 1, state: 'running' },
      ],
      members: [ordered('a', 'success'), ordered('b', 'failure'), ordered('c', 'testing', { group: 1 })],
    },
    ['group 1 error', 'rollout paused'],
  ],
  [
    'a rollout ends with its last device',
    { groups: [{ index: 0, state: 'finished' }], members: GOOD },
    ['rollout finished'],
  ],
  [
    'a rollout waits for late devices',
    { groups: [{ index: 0, state: 'finished' }], members: [...GOOD, member('c', { isConnected: false })] },
    [],
    { offline: ['c'] },
  ],
  [
    'a continuous rollout waits for devices that may still match',
    { policy: { targetSelection: 'continuous' }, groups: [{ index: 0, state: 'finished' }], members: GOOD },
    [],
  ],
  [
    'a scheduled rollout waits for its time',
    { members: [], rest: { state: 'scheduled', startAtMs: NOW + 1 } },
    [],
  ],
  ['and starts then', { members: [], rest: { state: 'scheduled', startAtMs: NOW } }, ['rollout running']],
  ['nothing leads out of an end', { members: [member('a')], rest: { state: 'finished' } }, []],
];

for (const [name, given, steps, held] of PLANS) {
  test(`rollout: ${name}`, () => {
    const found = planRollout(snapshot(given), NOW);
    assert.deepEqual(found.steps.map(shorten), steps);
    if (held !== undefined) assert.deepEqual(Object.fromEntries(found.held), held);
  });
}
