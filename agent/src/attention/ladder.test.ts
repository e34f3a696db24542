import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BETTER_FOR_MS,
  initialLadder,
  type LadderState,
  LEVELS,
  MAX_REST_MS,
  type Strain,
  stepLadder,
} from './ladder.ts';

const LIMITS = { warmCelsius: 75, hotCelsius: 80, criticalCelsius: 85, hysteresisCelsius: 5 };
const CALM: Strain = { celsius: 50, isThrottled: false, cpuSome10: 5, queueMs: 20 };

interface Phase {
  readonly forSec: number;
  readonly strain: Partial<Strain>;
}
interface Told {
  readonly atSec: number;
  readonly text: string;
}

/** One look a second. */
function climb(phases: readonly Phase[], limits = LIMITS): readonly Told[] {
  const told: Told[] = [];
  let state: LadderState = initialLadder;
  let atSec = 0;
  for (const { forSec, strain } of phases) {
    for (const endSec = atSec + forSec; atSec < endSec; atSec += 1) {
      const next = stepLadder(state, { ...CALM, ...strain }, limits, atSec * 1000);
      if (next.level !== state.level) told.push({ atSec, text: [LEVELS[next.level], ...next.why].join(' ') });
      state = next;
    }
  }
  return told;
}

const hot = (celsius: number, forSec: number): Phase => ({ forSec, strain: { celsius } });
const TABLE: readonly (readonly [name: string, phases: readonly Phase[], told: readonly string[]])[] = [
  ['a cool box looks at every frame', [hot(60, 300)], []],
  ['warm: three frames of five', [hot(75, 60)], ['5 reduced heat']],
  ['hot: keyframes', [hot(81, 60)], ['5 keyframes heat']],
  ['about to fail: one camera at a time', [hot(86, 60)], ['5 one_camera heat']],
  ['heat that passes is none', [hot(86, 4), hot(60, 60)], []],
  ['each level is left five degrees below where it began', [hot(75, 60), hot(71, 300)], ['5 reduced heat']],
  ['below that it is left after a minute', [hot(75, 10), hot(69, 120)], ['5 reduced heat', '70 full']],
  [
    'up one step at a time',
    [hot(86, 10), hot(60, 300)],
    ['5 one_camera heat', '70 keyframes heat', '131 reduced heat', '192 full'],
  ],
  [
    'the way up ends where the heat does',
    [hot(86, 10), hot(76, 300)],
    ['5 one_camera heat', '70 keyframes heat'],
  ],
  [
    'a throttled machine looks less',
    [{ forSec: 60, strain: { isThrottled: true } }],
    ['5 reduced throttled'],
  ],
  [
    'looks that wait for a busy processor',
    [
      { forSec: 20, strain: { cpuSome10: 80, queueMs: 300 } },
      { forSec: 60, strain: { cpuSome10: 95, queueMs: 300 } },
    ],
    ['5 reduced pressure', '25 keyframes pressure'],
  ],
  [
    'a processor that others keep busy, before which no look waits',
    [{ forSec: 300, strain: { cpuSome10: 100 } }],
    [],
  ],
  [
    'looks that wait for the model',
    [
      { forSec: 20, strain: { queueMs: 1_200 } },
      { forSec: 20, strain: { queueMs: 9_000 } },
    ],
    ['5 reduced queue', '25 one_camera queue'],
  ],
  [
    'an inference process that comes back within seconds slows nothing down',
    [
      { forSec: 4, strain: { queueMs: 4_000 } },
      { forSec: 60, strain: {} },
    ],
    [],
  ],
  [
    'two causes are both told',
    [{ forSec: 20, strain: { celsius: 81, queueMs: 3_500 } }],
    ['5 keyframes heat queue'],
  ],
  ['what cannot be read asks for nothing', [{ forSec: 60, strain: { celsius: -Infinity } }], []],
];
for (const [name, phases, told] of TABLE) {
  test(`governor: ${name}`, () =>
    assert.deepEqual(
      climb(phases).map(({ atSec, text }) => `${atSec} ${text}`),
      told,
    ));
}

test('a box that is behind at full pace and well at a lower one tries less and less often', () => {
  // What the queue does to a box that cannot keep up with every frame.
  const told: number[] = [];
  let state: LadderState = initialLadder;
  for (let atMs = 0; atMs < 4 * 3_600_000; atMs += 1000) {
    const next = stepLadder(state, { ...CALM, queueMs: state.level === 0 ? 2_000 : 100 }, LIMITS, atMs);
    if (next.level > state.level) told.push(atMs);
    state = next;
  }
  const gaps = told.slice(1).map((atMs, index) => atMs - (told[index] ?? 0));
  assert.ok(
    gaps.every((gap, index) => gap >= (gaps[index - 1] ?? 0)),
    String(gaps),
  );
  assert.ok((gaps.at(-1) ?? 0) >= MAX_REST_MS, String(gaps));
  assert.ok((gaps[0] ?? 0) < 2 * BETTER_FOR_MS);
});

test('a temperature that swings about a limit within the hysteresis changes the level once', () => {
  const swings = Array.from({ length: 200 }, (_, index) => hot(index % 2 === 0 ? 76 : 71, 7));
  assert.equal(climb(swings).length, 1);
});

test('what asks for a level does not hold another cause in place', () => {
  const told = climb([
    { forSec: 20, strain: { celsius: 86, cpuSome10: 50, queueMs: 300 } },
    { forSec: 400, strain: { celsius: 50, cpuSome10: 50, queueMs: 300 } },
  ]);
  assert.equal(told.at(-1)?.text, 'full');
});
