import type { GovernorSettings } from '@watchpost/shared/config/settings.ts';
import type { Cause } from './port.ts';

/** From what is usual to what is left when the box is about to fail. */
export const LEVELS = ['full', 'reduced', 'keyframes', 'one_camera'] as const;

/** How the box fares; what cannot be told is absent. */
export interface Strain {
  /** Of the hottest sensor. */
  readonly celsius?: number;
  /** The machine slows itself down. */
  readonly isThrottled: boolean;
  /** Percent of the last ten seconds in which some task waited for the CPU. */
  readonly cpuSome10?: number;
  /** How long the look that has waited longest has waited for the model. */
  readonly queueMs: number;
}

export type LadderLimits = Omit<GovernorSettings, 'enabled'>;

export interface LadderState {
  /** Index into `LEVELS`. */
  readonly level: number;
  /** What keeps it there. */
  readonly why: readonly Cause[];
  /** What each cause asked for last. */
  readonly asked: Readonly<Record<Cause, number>>;
  /** Since when a lower or a higher level is asked for without a break. */
  readonly worseSinceMs?: number;
  readonly betterSinceMs?: number;
  /** When it last went up, and how long things must be better before it does. */
  readonly roseAtMs?: number;
  readonly restMs: number;
}

/** A strain that passes by itself is none. */
const WORSE_FOR_MS = 5_000;
/** Each way up is one step; a step that did not last makes the next one wait twice as long. */
export const BETTER_FOR_MS = 60_000;
export const MAX_REST_MS = 16 * BETTER_FOR_MS;
const RELAPSE_MS = 2 * BETTER_FOR_MS;

/** Where each level begins, from `reduced` on. */
const PRESSURE: Rungs = { limits: [75, 90], leave: (limit) => limit * 0.6 };
/** A processor that is busy is no strain by itself, whoever keeps it so: only where looks wait for it. */
const BEHIND_MS = 250;
const QUEUE: Rungs = { limits: [1_000, 3_000, 8_000], leave: (limit) => limit / 2 };

const CAUSES = ['heat', 'throttled', 'pressure', 'queue'] as const satisfies readonly Cause[];

export const initialLadder: LadderState = {
  level: 0,
  why: [],
  asked: { heat: 0, throttled: 0, pressure: 0, queue: 0 },
  restMs: BETTER_FOR_MS,
};

/**
 * The level for a box under this strain: the most that any of its causes asks for. It goes down, by as many steps as
 * are asked for, when that has lasted for `WORSE_FOR_MS`, and up one step at a time.
 *
 * The variant of the model is left alone at every level: the one that runs was measured and proved on this box before it
 * was switched to, and one that is faster and passed the same proof would have been chosen then.
 */
export function stepLadder(
  before: LadderState,
  strain: Strain,
  limits: LadderLimits,
  nowMs: number,
): LadderState {
  const { worseSinceMs: worse, betterSinceMs: better, ...kept } = before;
  const asked = computeAsked(before, strain, limits);
  const state = { ...kept, asked };
  const wanted = Math.max(...Object.values(asked));
  if (wanted > state.level) {
    const worseSinceMs = worse ?? nowMs;
    const isLasting = nowMs - worseSinceMs >= WORSE_FOR_MS;
    return isLasting ? goDown(state, wanted, nowMs) : { ...state, worseSinceMs };
  }
  if (wanted === state.level) return { ...state, why: whyOf(asked, wanted) };
  const betterSinceMs = better ?? nowMs;
  return nowMs - betterSinceMs >= state.restMs ? goUp(state, nowMs) : { ...state, betterSinceMs };
}

function goDown(state: LadderState, level: number, nowMs: number): LadderState {
  const { roseAtMs, restMs, asked } = state;
  const isRelapse = roseAtMs !== undefined && nowMs - roseAtMs < RELAPSE_MS;
  return {
    ...state,
    level,
    why: whyOf(asked, level),
    restMs: isRelapse ? Math.min(2 * restMs, MAX_REST_MS) : BETTER_FOR_MS,
  };
}

function goUp(state: LadderState, nowMs: number): LadderState {
  const level = state.level - 1;
  const asking = whyOf(state.asked, level);
  // Where nothing asks for it any more, it is what asked for the level before that still counts.
  return { ...state, level, roseAtMs: nowMs, why: level > 0 && asking.length === 0 ? state.why : asking };
}

const whyOf = (asked: LadderState['asked'], level: number): readonly Cause[] =>
  level === 0 ? [] : CAUSES.filter((cause) => asked[cause] >= level);

function computeAsked(
  { level, asked }: LadderState,
  { celsius = -Infinity, isThrottled, cpuSome10 = 0, queueMs }: Strain,
  limits: LadderLimits,
): LadderState['asked'] {
  const { warmCelsius, hotCelsius, criticalCelsius, hysteresisCelsius } = limits;
  const heat = {
    limits: [warmCelsius, hotCelsius, criticalCelsius],
    leave: (limit: number) => limit - hysteresisCelsius,
  };
  const held = (cause: Cause): number => Math.min(level, asked[cause]);
  return {
    heat: climb(celsius, heat, held('heat')),
    throttled: isThrottled ? 1 : 0,
    pressure: queueMs < BEHIND_MS ? 0 : climb(cpuSome10, PRESSURE, held('pressure')),
    queue: climb(queueMs, QUEUE, held('queue')),
  };
}

interface Rungs {
  readonly limits: readonly number[];
  /** Below it a rung that is held is let go of. */
  readonly leave: (limit: number) => number;
}

/** The highest rung that is reached, or held still. */
const climb = (value: number, { limits, leave }: Rungs, held: number): number =>
  limits.findLastIndex((limit, index) => value >= (index < held ? leave(limit) : limit)) + 1;
