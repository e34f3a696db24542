import type { GateFinding } from '@watchpost/shared/messages/deployment-findings.ts';
import { judgeEventCount } from './event-history.ts';
import type { Baseline, Vitals, Watched } from './port.ts';

export const NO_BASELINE: Baseline = {
  framesCaptured: 0,
  framesClassified: 0,
  p95SumMs: 0,
  p95Readings: 0,
  celsiusSum: 0,
  celsiusReadings: 0,
};

export const NOTHING_SEEN: Watched = {
  ...NO_BASELINE,
  spentMs: 0,
  agentRestarts: 0,
  framesFailed: 0,
  childRestarts: 0,
  hotMs: 0,
  hottestMs: 0,
  events: 0,
  expectedEvents: 0,
};

export interface GateLimits {
  readonly maxErrors01: number;
  readonly maxLatencyRatio: number;
  readonly minPaceRatio: number;
  readonly maxCelsius: number;
  readonly maxEventRatio: number;
  readonly maxChildRestarts: number;
  readonly maxAgentRestarts: number;
}

/** Two readings, one after the other, of the same start of the agent. */
export interface Interval {
  readonly before: Vitals;
  readonly now: Vitals;
  readonly tookMs: number;
  /** Events per second that are usual now; undefined where that is not known. */
  readonly usualRate: number | undefined;
}

export function addToBaseline(
  baseline: Baseline,
  { before, now }: Pick<Interval, 'before' | 'now'>,
): Baseline {
  const { inferP95Ms, celsius } = now;
  return {
    framesCaptured: baseline.framesCaptured + now.framesDue - before.framesDue,
    framesClassified: baseline.framesClassified + now.framesClassified - before.framesClassified,
    p95SumMs: baseline.p95SumMs + (inferP95Ms ?? 0),
    p95Readings: baseline.p95Readings + (inferP95Ms === undefined ? 0 : 1),
    celsiusSum: baseline.celsiusSum + (celsius ?? 0),
    celsiusReadings: baseline.celsiusReadings + (celsius === undefined ? 0 : 1),
  };
}

export function addToWatched(watched: Watched, interval: Interval, maxCelsius: number): Watched {
  const { before, now, tookMs, usualRate } = interval;
  const hotMs = now.celsius !== undefined && now.celsius > maxCelsius ? watched.hotMs + tookMs : 0;
  return {
    ...watched,
    ...addToBaseline(watched, interval),
    spentMs: watched.spentMs + tookMs,
    framesFailed: watched.framesFailed + now.framesFailed - before.framesFailed,
    childRestarts: watched.childRestarts + now.childRestarts - before.childRestarts,
    hotMs,
    hottestMs: Math.max(watched.hottestMs, hotMs),
    events: watched.events + (usualRate === undefined ? 0 : now.events - before.events),
    expectedEvents: watched.expectedEvents + ((usualRate ?? 0) * tookMs) / 1000,
  };
}

export interface Case {
  readonly watched: Watched;
  /** Absent where there was no model before. */
  readonly baseline: Baseline | undefined;
  readonly limits: GateLimits;
  /** What the manifest promises. */
  readonly requiredMs: number | undefined;
}

/** Fewer frames, readings or events than these judge nothing. */
const MIN_FRAMES = 50;
const MIN_BASELINE_FRAMES = 20;
const MIN_READINGS = 3;
const MIN_EXPECTED_EVENTS = 10;
const MIN_EVENTS = 20;
/** Shorter heat is weather. */
const HOT_FOR_MS = 60_000;
/** A model that fails on most frames, or lets most pass, is not watched to the end of the window. */
const HOPELESS_ERRORS01 = 0.5;
const HOPELESS_PACE01 = 0.1;
const MIN_FRAMES_HOPELESS = 20;

/** One gate, as it stands; `isHopeless`: nothing that can come makes it pass. */
interface Judgement extends GateFinding {
  readonly isHopeless?: boolean;
}
type Judge = (seen: Case) => Omit<Judgement, 'gate'>;

const NOT_JUDGED = { verdict: 'not_judged' } as const;
const atMost = (value: number, limit: number) =>
  ({ verdict: value > limit ? 'failed' : 'passed', value, limit }) as const;

const GATES: readonly (readonly [GateFinding['gate'], Judge])[] = [
  ['inference_errors', judgeErrors],
  ['latency', judgeLatency],
  ['pace', judgePace],
  ['temperature', judgeTemperature],
  ['event_rate', judgeEvents],
  [
    'child_restarts',
    countRestarts(({ watched, limits }) => [watched.childRestarts, limits.maxChildRestarts]),
  ],
  [
    'agent_restarts',
    countRestarts(({ watched, limits }) => [watched.agentRestarts, limits.maxAgentRestarts]),
  ],
];

/** How a model on trial fares. Pure: the same counts give the same findings. */
export function judgeProbation(seen: Case): {
  readonly gates: GateFinding[];
  readonly isHopeless: boolean;
} {
  const judged = GATES.map(([gate, judge]): Judgement => ({ gate, ...judge(seen) }));
  return {
    gates: judged.map(({ isHopeless: _, ...finding }) => finding),
    isHopeless: judged.some(({ isHopeless }) => isHopeless === true),
  };
}

function judgeErrors({ watched, limits }: Case): ReturnType<Judge> {
  const { framesFailed, framesClassified } = watched;
  const frames = framesFailed + framesClassified;
  const isHopeless =
    frames >= MIN_FRAMES_HOPELESS && framesFailed > frames * Math.max(HOPELESS_ERRORS01, limits.maxErrors01);
  if (frames < MIN_FRAMES && !isHopeless) return NOT_JUDGED;
  return { ...atMost(framesFailed / frames, limits.maxErrors01), isHopeless };
}

/** Against what the manifest promises, and against the model before. */
function judgeLatency({ watched, baseline, limits, requiredMs }: Case): ReturnType<Judge> {
  const value = meanOf(watched.p95SumMs, watched.p95Readings);
  const beforeMs = baseline && meanOf(baseline.p95SumMs, baseline.p95Readings);
  const bounds = [requiredMs, beforeMs && beforeMs * limits.maxLatencyRatio].filter((it) => it !== undefined);
  if (value === undefined || bounds.length === 0) return NOT_JUDGED;
  return atMost(value, Math.min(...bounds));
}

function judgePace({ watched, baseline, limits }: Case): ReturnType<Judge> {
  if (
    baseline === undefined ||
    baseline.framesCaptured < MIN_BASELINE_FRAMES ||
    baseline.framesClassified === 0
  ) {
    return NOT_JUDGED;
  }
  if (watched.framesCaptured < MIN_FRAMES) return NOT_JUDGED;
  const value = watched.framesClassified / watched.framesCaptured;
  const limit = (limits.minPaceRatio * baseline.framesClassified) / baseline.framesCaptured;
  return {
    verdict: value < limit ? 'failed' : 'passed',
    value,
    limit,
    isHopeless: watched.framesCaptured >= 2 * MIN_FRAMES && value < limit * HOPELESS_PACE01,
  };
}

/** A box that was too hot before does not blame the new model. */
function judgeTemperature({ watched, baseline, limits }: Case): ReturnType<Judge> {
  const value = meanOf(watched.celsiusSum, watched.celsiusReadings);
  const before = baseline && meanOf(baseline.celsiusSum, baseline.celsiusReadings);
  if (value === undefined || (before !== undefined && before > limits.maxCelsius)) return NOT_JUDGED;
  const isTooHot = watched.hottestMs >= HOT_FOR_MS;
  return {
    verdict: isTooHot ? 'failed' : 'passed',
    value,
    limit: limits.maxCelsius,
    isHopeless: isTooHot,
  };
}

function judgeEvents({ watched, limits }: Case): ReturnType<Judge> {
  const { events, expectedEvents } = watched;
  if (expectedEvents === 0 || (expectedEvents < MIN_EXPECTED_EVENTS && events < MIN_EVENTS))
    return NOT_JUDGED;
  const verdict = judgeEventCount(events, expectedEvents, limits.maxEventRatio);
  return {
    verdict: verdict === 'as_usual' ? 'passed' : 'failed',
    value: events / expectedEvents,
    limit: verdict === 'too_few' ? 1 / limits.maxEventRatio : limits.maxEventRatio,
  };
}

function countRestarts(read: (seen: Case) => readonly [count: number, limit: number]): Judge {
  return (seen) => {
    const judged = atMost(...read(seen));
    return { ...judged, isHopeless: judged.verdict === 'failed' };
  };
}

function meanOf(sum: number, count: number): number | undefined {
  return count < MIN_READINGS ? undefined : sum / count;
}
