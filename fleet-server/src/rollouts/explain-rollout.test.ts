import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Explained, explainRollout } from './explain-rollout.ts';
import { planRollout } from './rollout-planner.ts';
import { type Given, MINUTE_MS, member, NOW, ordered, snapshot } from './rollout-samples.ts';

const explain = (given: Given, rest: Partial<Explained> = {}): readonly string[] => {
  const seen = snapshot(given);
  return explainRollout({
    rollout: { state: seen.state, why: 'ana said so', createdBy: 'ana' },
    groupNames: ['1 %', 'the rest'],
    snapshot: seen,
    plan: planRollout(seen, NOW),
    verdicts: seen.verdicts,
    reasons: new Map(),
    leftAlone: new Map(),
    nowMs: NOW,
    ...rest,
  });
};

const GOOD = [ordered('a', 'success'), ordered('b', 'success')];
const END = 'Devices that have not come by 1970-01-02T00:50:00Z are timed out.';

const WORDS: readonly (readonly [
  name: string,
  given: Given,
  lines: readonly string[],
  rest?: Partial<Explained>,
])[] = [
  [
    'devices that are away',
    { policy: { minExecuted: 3 }, members: [...GOOD, member('c', { isConnected: false })] },
    [
      'Group 1 of 1 (1 %) is running: 2 of 3 succeeded, 0 failed, 0 in work, 1 wait.',
      'Too few were executed to judge it: 2 of at least 3.',
      '1 device held back: offline; ordered when back.',
      'It looks again at 1970-01-02T00:50:00Z, or on news.',
      END,
    ],
  ],
  [
    'a group on its way',
    { members: [...GOOD, ordered('c', 'testing')] },
    [
      'Group 1 of 1 (1 %) is running: 2 of 3 succeeded, 0 failed, 1 in work, 0 wait.',
      '100 % of the executed succeeded, which is enough; it soaks after the 1 in work.',
      'Not taken by: BUNDLE_UNFIT (4), DISK_FULL (1).',
      END,
    ],
    {
      reasons: new Map([
        ['DISK_FULL', 1],
        ['BUNDLE_UNFIT', 4],
      ]),
    },
  ],
  [
    'too few successes, while some may come',
    {
      policy: { errorThreshold: 0.5 },
      members: [...GOOD, ordered('c', 'failure'), ordered('d', 'queued')],
    },
    [
      'Group 1 of 1 (1 %) is running: 2 of 4 succeeded, 1 failed, 1 in work, 0 wait.',
      '66.7 % of the executed succeeded; 90 % are needed.',
      END,
    ],
  ],
  [
    'devices that wait for quiet',
    {
      policy: { type: 'soft', softHours: 2 },
      members: [ordered('a', 'success'), ordered('c', 'waiting_for_quiet')],
    },
    [
      'Group 1 of 1 (1 %) is running: 1 of 2 succeeded, 0 failed, 1 in work, 0 wait.',
      'Too few were executed to judge it: 1 of at least 2.',
      '1 device to install as soon as no camera sees anything, the last at 1970-01-01T18:35:00Z; nobody waits for them.',
      END,
    ],
  ],
  [
    'devices that wait for quiet while it is paused',
    {
      policy: { type: 'soft', softHours: 2 },
      members: [ordered('c', 'waiting_for_quiet')],
      rest: { state: 'paused' },
    },
    [
      'It is paused: ana said so.',
      '1 device to install as soon as no camera sees anything, the last at 1970-01-01T18:35:00Z, all the same; rollback calls them back.',
      'Resume lets it go on, and its failures so far count no more; rollback takes devices back.',
    ],
  ],
  [
    'gates of what is only kept',
    {
      policy: { type: 'download_only', gates: [{ gate: 'fps' }] },
      groups: [{ index: 0, state: 'soaking', soakingSinceMs: NOW - 5 * MINUTE_MS }],
      members: [ordered('a', 'kept'), ordered('b', 'kept')],
    },
    [
      'Group 1 of 1 (1 %) is soaking: 2 of 2 succeeded, 0 failed, 0 in work, 0 wait.',
      'It soaks until 1970-01-01T16:45:00Z.',
      'Its gates are not asked: they judge what runs, and this is only kept.',
      END,
    ],
  ],
  [
    'the rollback of what was only kept',
    {
      policy: { type: 'download_only' },
      members: [ordered('a', 'kept')],
      rest: { state: 'rolling_back' },
    },
    ['It is taken back (ana said so): nothing of it ran, so nobody is sent back; 0 devices still in work.'],
  ],
  [
    'a soak and its gates',
    {
      policy: { gates: [{ gate: 'fps' }, { gate: 'temperature' }, { gate: 'installed' }] },
      groups: [{ index: 0, state: 'soaking', soakingSinceMs: NOW - 5 * MINUTE_MS }],
      members: GOOD,
      rest: {
        verdicts: [
          { gate: 'fps', verdict: 'open', why: 'too few windows' },
          { gate: 'installed', verdict: 'pass', why: 'all run it' },
        ],
      },
    },
    [
      'Group 1 of 1 (1 %) is soaking: 2 of 2 succeeded, 0 failed, 0 in work, 0 wait.',
      'It soaks until 1970-01-01T16:45:00Z.',
      'Gate fps is open: too few windows.',
      'Gate temperature is open: it was not asked yet.',
      END,
    ],
  ],
  [
    'late devices',
    { groups: [{ index: 0, state: 'finished' }], members: [...GOOD, member('c', { takenBy: 'x' })] },
    [
      'Every group is finished; late devices may still come.',
      '1 device held back: another rollout or order is at work there, or goes first.',
      'It looks again at 1970-01-02T00:50:00Z, or on news.',
      END,
    ],
  ],
  [
    'a pause',
    { members: GOOD, rest: { state: 'paused' } },
    [
      'It is paused: ana said so.',
      'Resume lets it go on, and its failures so far count no more; rollback takes devices back.',
    ],
  ],
  [
    'an approval',
    { members: [], rest: { state: 'waiting_for_approval' } },
    ['It waits for somebody else than ana to approve it.'],
  ],
  [
    'a start',
    { members: [], rest: { state: 'ready' } },
    ['It is ready, and waits for somebody to start it.'],
  ],
  [
    'a time to start',
    { members: [], rest: { state: 'scheduled', startAtMs: NOW } },
    ['It starts at 1970-01-01T16:40:00Z.'],
  ],
  [
    'a stop',
    { members: [ordered('a', 'queued')], rest: { state: 'stopping' } },
    ['It stops (ana said so): 1 device still in work.'],
  ],
  [
    'a way back',
    {
      members: [ordered('a', 'success', { isConnected: false })],
      rest: { state: 'rolling_back', rollingBackSinceMs: NOW },
    },
    [
      'It goes back (ana said so): 0 devices back, 0 on the way.',
      '1 device held back: offline; ordered when back.',
      'It looks again at 1970-01-02T01:00:00Z, or on news.',
    ],
  ],
  [
    'devices that are left to other rollouts',
    { members: [...GOOD, ordered('c', 'aborted')] },
    [
      'Group 1 of 1 (1 %) is running: 2 of 3 succeeded, 0 failed, 0 in work, 0 wait.',
      '100 % of the executed succeeded, which is enough; it soaks after those that can go on now.',
      '1 device left alone: hotfix goes first, and has been there.',
      END,
    ],
    { leftAlone: new Map([['hotfix goes first, and has been there', 1]]) },
  ],
  [
    'devices that were left to other rollouts, at the end',
    { members: GOOD, rest: { state: 'finished' } },
    ['It is over (finished): ana said so.', '2 devices left alone: hotfix goes first, and has been there.'],
    { leftAlone: new Map([['hotfix goes first, and has been there', 2]]) },
  ],
  ['an end', { members: GOOD, rest: { state: 'finished' } }, ['It is over (finished): ana said so.']],
];

for (const [name, given, lines, rest] of WORDS) {
  test(`explain: ${name}`, () => assert.deepEqual(explain(given, rest), lines));
}
