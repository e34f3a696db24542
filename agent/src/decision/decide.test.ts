import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DecisionOutcome, decide, endAll, initialDecisionState, type TimedRules } from './decide.ts';
import { createDecider } from './decider.ts';
import type { Decision, DecisionState } from './port.ts';
import { computeVoteTiming } from './vote-timing.ts';

const LABELS = ['cat', 'dog', 'none'];
const RULES: TimedRules = {
  window: 4,
  enter: 0.6,
  exit: 0.3,
  minVotes: 3,
  minDwellSec: 2,
  cooldownSec: 5,
  rejectBelow: 0.5,
  background: ['none'],
  maxVoteAgeMs: 15_000,
  lostAfterMs: 300_000,
};

const CAT = [0.9, 0.05, 0.05];
const DOG = [0.05, 0.9, 0.05];
const NONE = [0.05, 0.05, 0.9];
const UNSURE = [0.4, 0.3, 0.3];

interface Step {
  readonly atMs: number;
  readonly probabilities: readonly number[];
}
interface Told extends Decision {
  /** When it was decided. */
  readonly toldAtMs: number;
}

/** One look every `everySec`, from `fromSec` on. */
const looks = (
  pictures: readonly (readonly number[])[],
  { fromSec = 0, everySec = 5 } = {},
): readonly Step[] =>
  pictures.map((probabilities, index) => ({ atMs: (fromSec + index * everySec) * 1000, probabilities }));
/** One frame a second, from `fromSec` on. */
const frames = (pictures: readonly (readonly number[])[], fromSec = 0): readonly Step[] =>
  pictures.map((probabilities, index) => ({ atMs: (fromSec + index) * 1000, probabilities }));
const repeat = (picture: readonly number[], times: number): (readonly number[])[] =>
  Array.from({ length: times }, () => picture);

function replay(
  steps: readonly Step[],
  rules: TimedRules = RULES,
): { readonly told: readonly Told[]; readonly state: DecisionState } {
  let state = initialDecisionState;
  const told: Told[] = [];
  for (const step of steps) {
    const outcome: DecisionOutcome = decide(state, step, rules, LABELS);
    told.push(...outcome.decisions.map((decision) => ({ ...decision, toldAtMs: step.atMs })));
    state = outcome.state;
  }
  return { told, state };
}
const brief = (told: readonly Told[]): readonly string[] =>
  told.map(({ type, label, toldAtMs }) => `${toldAtMs / 1000} ${type} ${label}`);

const TABLE: readonly {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly rules?: Partial<TimedRules>;
  readonly told: readonly string[];
}[] = [
  { name: 'a label opens with its minVotes-th vote', steps: frames(repeat(CAT, 4)), told: ['2 new cat'] },
  { name: 'a background label never opens', steps: frames(repeat(NONE, 8)), told: [] },
  { name: 'fewer votes than minVotes open nothing', steps: frames([CAT, CAT, NONE, NONE]), told: [] },
  {
    name: 'enough votes with too low a mean open nothing',
    steps: frames(repeat([0.55, 0.25, 0.2], 6)),
    told: [],
  },
  {
    name: 'a best label below rejectBelow has no vote',
    steps: frames(repeat(UNSURE, 8)),
    rules: { enter: 0.3, exit: 0.1 },
    told: [],
  },
  {
    name: 'between exit and enter an open label stays',
    steps: frames([...repeat(CAT, 4), ...repeat(UNSURE, 6)]),
    told: ['2 new cat'],
  },
  {
    name: 'below exit an open label ends',
    steps: frames([...repeat(CAT, 4), ...repeat(NONE, 4)]),
    told: ['2 new cat', '6 end cat'],
  },
  {
    name: 'nothing ends before minDwellSec',
    steps: frames([...repeat(CAT, 4), ...repeat(NONE, 8)]),
    rules: { minDwellSec: 7 },
    told: ['2 new cat', '9 end cat'],
  },
  {
    name: 'a direct change is an end and then a new',
    steps: frames([...repeat(CAT, 4), ...repeat(DOG, 4)]),
    rules: { exit: 0.1 },
    told: ['2 new cat', '6 end cat', '6 new dog'],
  },
  {
    name: 'a change waits for minDwellSec too',
    steps: frames([...repeat(CAT, 4), ...repeat(DOG, 6)]),
    rules: { exit: 0.1, minDwellSec: 6 },
    told: ['2 new cat', '8 end cat', '8 new dog'],
  },
  {
    name: 'within cooldownSec the same label does not open anew',
    steps: frames([...repeat(CAT, 4), ...repeat(NONE, 4), ...repeat(CAT, 6)]),
    rules: { cooldownSec: 6 },
    told: ['2 new cat', '6 end cat', '12 new cat'],
  },
  {
    name: 'the cooldown of one label does not hold back another',
    steps: frames([...repeat(CAT, 4), ...repeat(NONE, 4), ...repeat(DOG, 4)]),
    rules: { cooldownSec: 60 },
    told: ['2 new cat', '6 end cat', '10 new dog'],
  },
  {
    name: 'an open label whose score holds is not renewed',
    steps: frames(repeat(CAT, 60)),
    told: ['2 new cat'],
  },
  {
    name: 'an open label whose score moves is renewed every 10 s at most',
    steps: frames([...repeat(CAT, 5), ...repeat([0.7, 0.2, 0.1], 12), ...repeat(CAT, 12)]),
    told: ['2 new cat', '12 update cat', '22 update cat'],
  },
  {
    name: 'votes too far apart open nothing',
    steps: looks(repeat(CAT, 10), { everySec: 8 }),
    told: [],
  },
  {
    name: 'votes of a slow camera open when its pace allows them to be older',
    steps: looks(repeat(CAT, 10), { everySec: 8 }),
    rules: computeVoteTiming({ window: 4, intervalMs: 8_000, lookMs: 8_000 }),
    told: ['16 new cat'],
  },
  {
    name: 'a label that sleeps in view stays open for an hour of single looks',
    steps: [...frames(repeat(CAT, 4)), ...looks(repeat(CAT, 720), { fromSec: 9 })],
    told: ['2 new cat'],
  },
  {
    name: 'one look that sees nothing ends no sighting',
    steps: [
      ...frames(repeat(CAT, 4)),
      ...looks([...repeat(CAT, 20), NONE, ...repeat(CAT, 20)], { fromSec: 9, everySec: 10 }),
    ],
    told: ['2 new cat'],
  },
  {
    name: 'one look after a pause is too little to end a sighting, whatever it sees',
    steps: [...frames(repeat(CAT, 4)), ...looks([NONE, CAT], { fromSec: 120, everySec: 60 })],
    told: ['2 new cat'],
  },
  {
    name: 'looks in quick succession after a quiet time end a sighting as soon as they are enough',
    steps: [
      ...frames(repeat(CAT, 4)),
      ...looks(repeat(CAT, 20), { fromSec: 9, everySec: 5 }),
      ...frames(repeat(NONE, 5), 110),
    ],
    told: ['2 new cat', '110 update cat', '112 end cat'],
  },
  {
    name: 'what nobody looked at for minutes has ended, and opens anew',
    steps: [...frames(repeat(CAT, 4)), ...frames(repeat(CAT, 4), 3_600)],
    told: ['2 new cat', '3600 end cat', '3602 new cat'],
  },
];

for (const { name, steps, rules, told } of TABLE) {
  test(`decide: ${name}`, () => {
    assert.deepEqual(brief(replay(steps, { ...RULES, ...rules }).told), told);
  });
}

test('when a label opens, the decision carries its mean probability and its votes', () => {
  const [opened] = replay(frames([NONE, CAT, CAT, CAT])).told;
  assert.ok(opened !== undefined);
  assert.deepEqual(opened.votes, { label: 3, window: 4 });
  assert.ok(Math.abs(opened.score - (0.05 + 3 * 0.9) / 4) < 1e-9);
});

test('when probabilities sum to a little more than 1, the score stays within 1', () => {
  const [opened] = replay(frames(repeat([1.0000001, 0, 0], 3))).told;
  assert.equal(opened?.score, 1);
});

test('when the source ends, what is open ends and the window is empty', () => {
  const { state } = replay(frames(repeat(CAT, 4)));
  const ended = endAll(state);
  assert.deepEqual(
    ended.decisions.map(({ type, label, votes }) => ({ type, label, votes })),
    [{ type: 'end', label: 'cat', votes: { label: 4, window: 4 } }],
  );
  assert.deepEqual(ended.state.votes, []);
  assert.deepEqual(endAll(ended.state).decisions, []);
});

test('when the source comes back within the cooldown, its label does not open anew', () => {
  const decider = createDecider(RULES, LABELS);
  const step = (vote: Step): readonly string[] =>
    decider.step(vote).map(({ type }) => `${vote.atMs / 1000} ${type}`);
  assert.deepEqual(frames(repeat(CAT, 4)).flatMap(step), ['2 new']);
  assert.deepEqual(
    decider.endAll().map(({ type }) => type),
    ['end'],
  );
  assert.deepEqual(frames(repeat(CAT, 6), 4).flatMap(step), ['8 new']);
});

test('a sighting that nobody looks at any more ends at the last look, once', () => {
  const decider = createDecider(RULES, LABELS);
  for (const step of frames(repeat(CAT, 4))) decider.step(step);
  assert.deepEqual(decider.lapse(303_000), []);
  const [ended] = decider.lapse(303_001);
  assert.deepEqual([ended?.type, ended?.label, ended?.atMs], ['end', 'cat', 3_000]);
  assert.deepEqual(decider.lapse(999_000), []);
});

const SETTLED: readonly (readonly [string, readonly (readonly number[])[], boolean])[] = [
  ['nothing seen yet', [], true],
  ['nothing open and a background label seen', [NONE], true],
  ['nothing open and nothing voted for', [UNSURE], true],
  ['nothing open and something seen', [CAT], false],
  ['the open label seen', repeat(CAT, 4), true],
  ['another label seen than the open one', [...repeat(CAT, 4), DOG], false],
  ['nothing voted for while one is open', [...repeat(CAT, 4), UNSURE], false],
];
for (const [name, pictures, isSettled] of SETTLED) {
  test(`with ${name}, looks and decisions ${isSettled ? 'agree' : 'disagree'}`, () => {
    const decider = createDecider(RULES, LABELS);
    for (const step of frames(pictures)) decider.step(step);
    assert.equal(decider.standpoint().isSettled, isSettled);
  });
}

test('a vote leaves the state it was given untouched', () => {
  const { state } = replay(frames(repeat(CAT, 4)));
  const before = structuredClone(state);
  decide(state, { atMs: 99_000, probabilities: NONE }, RULES, LABELS);
  endAll(state);
  assert.deepEqual(state, before);
});

/** A stream from a seed (mulberry32), so that a failing run can be run again. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

/** Pictures in runs of random length, at random distances in time. */
function drawSteps(random: () => number, maxRun: number): readonly Step[] {
  const pictures = [CAT, DOG, NONE, UNSURE];
  const steps: Step[] = [];
  let atMs = 0;
  while (steps.length < 200) {
    const picture = pictures[Math.floor(random() * pictures.length)] ?? NONE;
    const run = 1 + Math.floor(random() * maxRun);
    for (let frame = 0; frame < run; frame += 1) {
      atMs += Math.floor(random() * 1500);
      steps.push({ atMs, probabilities: picture });
    }
  }
  return steps;
}

test('flicker with fewer than minVotes in any window never opens anything', () => {
  for (const seed of SEEDS) {
    const random = createRandom(seed);
    const steps = Array.from({ length: 200 }, (_, index) => ({
      atMs: index * 200,
      probabilities: index % 2 === 0 ? NONE : random() < 0.5 ? CAT : DOG,
    }));
    assert.deepEqual(replay(steps, { ...RULES, enter: 0.1, exit: 0 }).told, [], `seed ${seed}`);
  }
});

test('whatever the frames are, a sighting is opened, renewed and ended in that order, one at a time', () => {
  for (const seed of SEEDS) {
    let open: string | undefined;
    for (const { type, label } of replay(drawSteps(createRandom(seed), 12)).told) {
      assert.equal(open, type === 'new' ? undefined : label, `seed ${seed}`);
      open = type === 'end' ? undefined : label;
    }
  }
});

test('whatever the frames are, minDwellSec, cooldownSec and the pace of updates hold', () => {
  for (const seed of SEEDS) {
    const lastAtMs = new Map<string, number>();
    const atLeast = (key: string, atMs: number, gapMs: number): void => {
      const before = lastAtMs.get(key);
      assert.ok(before === undefined || atMs - before >= gapMs, `seed ${seed}: ${key} ${before} -> ${atMs}`);
    };
    for (const { type, label, toldAtMs: atMs } of replay(drawSteps(createRandom(seed), 40)).told) {
      if (type === 'new') atLeast(`end ${label}`, atMs, RULES.cooldownSec * 1000);
      if (type === 'end') atLeast('new', atMs, RULES.minDwellSec * 1000);
      if (type === 'update') atLeast('told', atMs, 10_000);
      lastAtMs.set(type === 'end' ? `end ${label}` : type, atMs).set('told', atMs);
    }
  }
});
