import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GateFinding } from '@watchpost/shared/messages/deployment-findings.ts';
import type { Baseline, Vitals, Watched } from './port.ts';
import {
  addToBaseline,
  addToWatched,
  type Case,
  type GateLimits,
  judgeProbation,
  NOTHING_SEEN,
} from './probation-gates.ts';

const LIMITS: GateLimits = {
  maxErrors01: 0.02,
  maxLatencyRatio: 3,
  minPaceRatio: 0.8,
  maxCelsius: 90,
  maxEventRatio: 5,
  maxChildRestarts: 2,
  maxAgentRestarts: 3,
};
const BASELINE: Baseline = {
  framesCaptured: 100,
  framesClassified: 100,
  p95SumMs: 100,
  p95Readings: 10,
  celsiusSum: 600,
  celsiusReadings: 10,
};
const FINE: Watched = {
  ...NOTHING_SEEN,
  spentMs: 600_000,
  framesCaptured: 3_000,
  framesClassified: 3_000,
  p95SumMs: 6_000,
  p95Readings: 600,
  celsiusSum: 36_000,
  celsiusReadings: 600,
};
const judge = (watched: Partial<Watched>, more: Partial<Case> = {}) =>
  judgeProbation({
    watched: { ...FINE, ...watched },
    baseline: BASELINE,
    limits: LIMITS,
    requiredMs: undefined,
    ...more,
  });

interface Row {
  readonly name: string;
  readonly gate: GateFinding['gate'];
  readonly watched?: Partial<Watched>;
  readonly more?: Partial<Case>;
  readonly verdict: string;
  readonly isHopeless?: boolean;
}
const TABLE: readonly Row[] = [
  { name: 'no frame fails', gate: 'inference_errors', verdict: 'passed' },
  { name: 'a few frames fail', gate: 'inference_errors', watched: { framesFailed: 60 }, verdict: 'passed' },
  {
    name: 'too many frames fail',
    gate: 'inference_errors',
    watched: { framesFailed: 90 },
    verdict: 'failed',
  },
  {
    name: 'few frames judge nothing',
    gate: 'inference_errors',
    watched: { framesCaptured: 49, framesClassified: 40, framesFailed: 9 },
    verdict: 'not_judged',
  },
  {
    name: 'a model that answers nothing is hopeless after twenty frames',
    gate: 'inference_errors',
    watched: { framesCaptured: 20, framesClassified: 0, framesFailed: 20 },
    verdict: 'failed',
    isHopeless: true,
  },
  { name: 'as fast as the model before', gate: 'latency', verdict: 'passed' },
  { name: 'ten times slower', gate: 'latency', watched: { p95SumMs: 60_000 }, verdict: 'failed' },
  {
    name: 'too few readings',
    gate: 'latency',
    watched: { p95SumMs: 400, p95Readings: 2 },
    verdict: 'not_judged',
  },
  {
    name: 'slower than its manifest promises',
    gate: 'latency',
    more: { requiredMs: 9, baseline: undefined },
    verdict: 'failed',
  },
  { name: 'nothing to compare with', gate: 'latency', more: { baseline: undefined }, verdict: 'not_judged' },
  { name: 'every frame is classified', gate: 'pace', verdict: 'passed' },
  {
    name: 'a third of the frames is left out',
    gate: 'pace',
    watched: { framesClassified: 2_000 },
    verdict: 'failed',
  },
  {
    name: 'hardly a frame is classified',
    gate: 'pace',
    watched: { framesClassified: 100 },
    verdict: 'failed',
    isHopeless: true,
  },
  {
    name: 'the model before left out as many',
    gate: 'pace',
    watched: { framesClassified: 2_000 },
    more: { baseline: { ...BASELINE, framesClassified: 70 } },
    verdict: 'passed',
  },
  {
    name: 'cameras that were off before',
    gate: 'pace',
    more: { baseline: { ...BASELINE, framesCaptured: 0 } },
    verdict: 'not_judged',
  },
  { name: 'cameras that are off now', gate: 'pace', watched: { framesCaptured: 10 }, verdict: 'not_judged' },
  { name: 'cool', gate: 'temperature', verdict: 'passed' },
  {
    name: 'hot for a minute',
    gate: 'temperature',
    watched: { hottestMs: 60_000 },
    verdict: 'failed',
    isHopeless: true,
  },
  { name: 'hot for a moment', gate: 'temperature', watched: { hottestMs: 59_000 }, verdict: 'passed' },
  {
    name: 'hot before the switch',
    gate: 'temperature',
    watched: { hottestMs: 60_000 },
    more: { baseline: { ...BASELINE, celsiusSum: 950 } },
    verdict: 'not_judged',
  },
  { name: 'no sensor', gate: 'temperature', watched: { celsiusReadings: 0 }, verdict: 'not_judged' },
  {
    name: 'nothing is known of this hour',
    gate: 'event_rate',
    watched: { events: 0 },
    verdict: 'not_judged',
  },
  {
    name: 'too little happens here',
    gate: 'event_rate',
    watched: { events: 19, expectedEvents: 2 },
    verdict: 'not_judged',
  },
  {
    name: 'as much as usual',
    gate: 'event_rate',
    watched: { events: 20, expectedEvents: 15 },
    verdict: 'passed',
  },
  {
    name: 'a flood of events',
    gate: 'event_rate',
    watched: { events: 200, expectedEvents: 15 },
    verdict: 'failed',
  },
  {
    name: 'no events any more',
    gate: 'event_rate',
    watched: { events: 0, expectedEvents: 15 },
    verdict: 'failed',
  },
  { name: 'two ends of the child', gate: 'child_restarts', watched: { childRestarts: 2 }, verdict: 'passed' },
  {
    name: 'three of them',
    gate: 'child_restarts',
    watched: { childRestarts: 3 },
    verdict: 'failed',
    isHopeless: true,
  },
  {
    name: 'three starts of the agent',
    gate: 'agent_restarts',
    watched: { agentRestarts: 3 },
    verdict: 'passed',
  },
  {
    name: 'four of them',
    gate: 'agent_restarts',
    watched: { agentRestarts: 4 },
    verdict: 'failed',
    isHopeless: true,
  },
];

for (const { name, gate, watched = {}, more = {}, verdict, isHopeless = false } of TABLE) {
  test(`${gate}: ${name}: ${verdict}${isHopeless ? ', at once' : ''}`, () => {
    const judged = judge(watched, more);
    assert.equal(judged.gates.find((it) => it.gate === gate)?.verdict, verdict);
    assert.equal(judged.isHopeless, isHopeless);
  });
}

test('a finding names value and limit', () => {
  const { gates } = judge({ p95SumMs: 60_000 });
  assert.deepEqual(gates[1], { gate: 'latency', verdict: 'failed', value: 100, limit: 30 });
});

const vitals = (more: Partial<Vitals> = {}): Vitals => ({
  framesCaptured: 0,
  framesDue: 0,
  framesClassified: 0,
  framesFailed: 0,
  events: 0,
  childRestarts: 0,
  camerasOnline: 1,
  ...more,
});

test('readings add up; events count only where the usual rate is known', () => {
  const before = vitals({ framesCaptured: 90, framesDue: 10, events: 5, childRestarts: 1 });
  const now = vitals({
    framesCaptured: 190,
    framesDue: 15,
    framesClassified: 5,
    framesFailed: 1,
    events: 7,
    childRestarts: 2,
    celsius: 95,
  });
  const once = addToWatched(NOTHING_SEEN, { before, now, tookMs: 1_000, usualRate: undefined }, 90);
  const twice = addToWatched(once, { before, now, tookMs: 2_000, usualRate: 0.5 }, 90);
  assert.deepEqual(twice, {
    ...NOTHING_SEEN,
    spentMs: 3_000,
    framesCaptured: 10,
    framesClassified: 10,
    framesFailed: 2,
    childRestarts: 2,
    celsiusSum: 190,
    celsiusReadings: 2,
    hotMs: 3_000,
    hottestMs: 3_000,
    events: 2,
    expectedEvents: 1,
  });
});

test('heat that ends begins anew', () => {
  const interval = { before: vitals(), tookMs: 40_000, usualRate: undefined };
  let watched = NOTHING_SEEN;
  for (const celsius of [95, 80, 95]) {
    watched = addToWatched(watched, { ...interval, now: vitals({ celsius }) }, 90);
  }
  assert.equal(watched.hottestMs, 40_000);
});

test('the baseline adds up likewise', () => {
  const baseline = {
    framesCaptured: 0,
    framesClassified: 0,
    p95SumMs: 0,
    p95Readings: 0,
    celsiusSum: 0,
    celsiusReadings: 0,
  };
  const added = addToBaseline(baseline, {
    before: vitals(),
    now: vitals({ framesCaptured: 50, framesDue: 5, inferP95Ms: 8 }),
  });
  assert.deepEqual(added, { ...baseline, framesCaptured: 5, p95SumMs: 8, p95Readings: 1 });
});

test('a scene that falls quiet after the switch fails no gate', () => {
  // Of a camera at five frames a second, one look in five seconds is all there is to classify.
  let watched = NOTHING_SEEN;
  for (let second = 0; second < 600; second += 1) {
    const before = vitals({
      framesCaptured: second * 5,
      framesDue: Math.floor(second / 5),
      framesClassified: Math.floor(second / 5),
    });
    const now = vitals({
      framesCaptured: (second + 1) * 5,
      framesDue: Math.floor((second + 1) / 5),
      framesClassified: Math.floor((second + 1) / 5),
    });
    watched = addToWatched(watched, { before, now, tookMs: 1_000, usualRate: undefined }, 90);
  }
  const { gates, isHopeless } = judgeProbation({
    ...{ watched, baseline: BASELINE, limits: LIMITS, requiredMs: undefined },
  });
  assert.equal(isHopeless, false);
  assert.deepEqual(
    gates.filter(({ verdict }) => verdict === 'failed'),
    [],
  );
});
