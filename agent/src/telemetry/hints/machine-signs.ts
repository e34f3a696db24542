import type { HintPoint } from './hint-point.ts';
import { computeMedian, computeTrend, type TrendPoint } from './robust-trend.ts';
import {
  DAY_SEC,
  DAY_SPAN_SEC,
  HOUR_SEC,
  MB,
  MINUTE_SEC,
  type Sign,
  scoreOf,
  since,
  spanOf,
} from './sign.ts';

/** The box itself slows down to one camera here, whatever its sensor allows. */
const LAST_STEP_CELSIUS = 85;
const HEAT = { windowSec: 30 * MINUTE_SEC, lateSec: 10 * MINUTE_SEC, spanSec: 20 * MINUTE_SEC, tau: 0.6 };
/** Below its limit by no more than this, the heat of a box that has no past yet matters. */
const NEAR_CELSIUS = 5;
const HEAT_MINUTES = 45;
const HEAT_URGENT_MINUTES = 10;

export function findHeat(history: readonly HintPoint[], last: HintPoint): readonly Sign[] {
  return last.temperatures.flatMap(({ zone, limitCelsius = LAST_STEP_CELSIUS }, index) => {
    const points = history.flatMap(({ atSec, temperatures }) => {
      const reading = temperatures[index];
      return reading?.zone === zone ? [{ x: atSec, y: reading.celsius }] : [];
    });
    return judgeHeat(zone, points, Math.min(limitCelsius, LAST_STEP_CELSIUS));
  });
}

/**
 * A machine that was switched on warms up ever more slowly (Newton's law of cooling): of the slopes of the whole window
 * and of its end the lower one counts, so that it is not taken for one that will burn. And each day warms a box by
 * itself: only what is hotter than anything of its last two days matters.
 */
function judgeHeat(zone: string, points: readonly TrendPoint[], limitCelsius: number): readonly Sign[] {
  const nowSec = points.at(-1)?.x ?? 0;
  const within = (sec: number) => points.filter(({ x }) => nowSec - x <= sec);
  const recent = within(HEAT.windowSec);
  const whole = spanOf(recent) < HEAT.spanSec ? undefined : computeTrend(recent);
  const late = computeTrend(within(HEAT.lateSec));
  const celsius = computeMedian(recent.slice(-3).map(({ y }) => y));
  if (whole === undefined || late === undefined || celsius === undefined) return [];
  const perSec = Math.min(whole.slope, late.slope);
  const unusualCelsius = findUnusual(points, nowSec) ?? limitCelsius - NEAR_CELSIUS;
  const isRising = perSec > 0 && whole.tau >= HEAT.tau && celsius > unusualCelsius;
  const minutesLeft = isRising ? Math.max(0, limitCelsius - celsius) / perSec / MINUTE_SEC : Infinity;
  const celsiusPerHour = perSec * HOUR_SEC;
  return [
    {
      code: 'temperature_rising',
      subject: zone.slice(0, 64),
      score: isRising ? scoreOf(HEAT_MINUTES, minutesLeft) : 0,
      severity: 'warning',
      urgentAt: HEAT_MINUTES / HEAT_URGENT_MINUTES,
      evidence: {
        celsius,
        celsiusPerHour,
        limitCelsius,
        unusualCelsius,
        ...(Number.isFinite(minutesLeft) && { minutesLeft }),
      },
      text: `${zone} is at ${celsius.toFixed(0)} C and rises by ${celsiusPerHour.toFixed(0)} C an hour: ${limitCelsius.toFixed(0)} C in about ${minutesLeft.toFixed(0)} minutes. Check the fan, the air around the box, and the sun on it.`,
    },
  ];
}

/** Wild readings are few: of those before the window, so many are left out. */
const WILD01 = 0.02;

/** No day is quite like the one before, the less so the more a box goes up and down by itself. */
const MARGIN = { leastCelsius: 3, spread01: 0.75 };

/** Above what was before the window; undefined while that is too short a time. */
function findUnusual(points: readonly TrendPoint[], nowSec: number): number | undefined {
  const before = points.filter(({ x }) => nowSec - x > HEAT.windowSec);
  if (spanOf(before) < DAY_SPAN_SEC) return undefined;
  const sorted = before.map(({ y }) => y).toSorted((a, b) => a - b);
  const most = sorted[Math.floor((sorted.length - 1) * (1 - WILD01))];
  const middle = computeMedian(sorted);
  if (most === undefined || middle === undefined) return undefined;
  return most + Math.max(MARGIN.leastCelsius, MARGIN.spread01 * (most - middle));
}

export function findWeakPower(history: readonly HintPoint[], last: HintPoint): readonly Sign[] {
  const recent = since(history, last, HOUR_SEC);
  const windows = recent.filter(({ isUnderVoltage }) => isUnderVoltage).length;
  return [
    {
      code: 'power_weak',
      score: windows,
      severity: 'warning',
      urgentAt: Math.max(2, recent.length / 2),
      evidence: { windows, windowsLookedAt: recent.length },
      text: `The voltage was too low in ${windows} of the last ${recent.length} windows: boards hang and cards are damaged by that. Use the supply made for this board, and a short, thick cable.`,
    },
  ];
}

const GROWTH = { tau: 0.7, leastShare01: 0.1, leastBytes: 20 * MB };
const EXHAUSTED_DAYS = 7;

/** Memory that is taken and kept, by more than a process settles in by. */
export function findGrowth(history: readonly HintPoint[], last: HintPoint): readonly Sign[] {
  const points = since(history, last, DAY_SEC).map(({ atSec, agentBytes }) => ({ x: atSec, y: agentBytes }));
  const trend = spanOf(points) < DAY_SPAN_SEC ? undefined : computeTrend(points);
  if (trend === undefined) return [];
  const bytesPerDay = trend.slope * DAY_SEC;
  const grownBytes = trend.slope * spanOf(points);
  const least = Math.max(GROWTH.leastBytes, (last.agentBytes - grownBytes) * GROWTH.leastShare01);
  const isGrowing = trend.tau >= GROWTH.tau && grownBytes >= least;
  const daysLeft = isGrowing ? last.availableBytes / bytesPerDay : Infinity;
  return [
    {
      code: 'memory_growing',
      score: isGrowing ? scoreOf(EXHAUSTED_DAYS, daysLeft) : 0,
      severity: 'warning',
      urgentAt: EXHAUSTED_DAYS,
      evidence: {
        agentBytes: last.agentBytes,
        bytesPerDay,
        ...(Number.isFinite(daysLeft) && { daysLeft }),
      },
      text: `The agent and its processes take ${(bytesPerDay / MB).toFixed(0)} MB more a day: no memory is left in about ${daysLeft.toFixed(1)} days. Restart the agent, and report it.`,
    },
  ];
}
