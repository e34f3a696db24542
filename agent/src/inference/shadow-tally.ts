import type { ShadowFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import { computePercentiles } from '../kernel/pace.ts';
import type { Prediction } from './port.ts';

/** What both models said of one frame. */
export interface ShadowPair {
  readonly champion: string;
  readonly challenger: string;
  readonly championMs: number;
  readonly challengerMs: number;
  /** The challenger's best probability minus the champion's. */
  readonly confidenceShift: number;
}

export interface ShadowTally {
  readonly pairs: readonly ShadowPair[];
  /** Frames the challenger failed on. */
  readonly errors: number;
  readonly windowMs: number;
  readonly busyMs: number;
}

/** Disagreements that are listed. */
const MOST_FREQUENT = 20;

export function comparePredictions(champion: Prediction, challenger: Prediction): ShadowPair {
  return {
    champion: champion.label,
    challenger: challenger.label,
    championMs: champion.inferMs,
    challengerMs: challenger.inferMs,
    confidenceShift: challenger.probability - champion.probability,
  };
}

export function computeShadowFindings({ pairs, errors, windowMs, busyMs }: ShadowTally): ShadowFindings {
  const frames = pairs.length;
  const base = {
    kind: 'shadow',
    frames,
    windowSec: round(windowMs / 1000),
    disagreements: countDisagreements(pairs),
    errors,
    busy01: windowMs <= 0 ? 0 : round(Math.min(1, busyMs / windowMs)),
  } as const;
  if (frames === 0) return base;
  const agreed = pairs.filter(({ champion, challenger }) => champion === challenger).length;
  const shift = pairs.reduce((sum, pair) => sum + pair.confidenceShift, 0) / frames;
  return {
    ...base,
    agreement01: round(agreed / frames),
    championMs: computeLatency(pairs.map(({ championMs }) => championMs)),
    challengerMs: computeLatency(pairs.map(({ challengerMs }) => challengerMs)),
    confidenceShift: round(Math.min(1, Math.max(-1, shift))),
  };
}

/** The most frequent first; of equals, the one seen first. */
function countDisagreements(pairs: readonly ShadowPair[]): ShadowFindings['disagreements'] {
  const counts = new Map<string, ShadowFindings['disagreements'][number]>();
  for (const { champion, challenger } of pairs) {
    if (champion === challenger) continue;
    const key = JSON.stringify([champion, challenger]);
    counts.set(key, { champion, challenger, frames: (counts.get(key)?.frames ?? 0) + 1 });
  }
  return [...counts.values()].toSorted((a, b) => b.frames - a.frames).slice(0, MOST_FREQUENT);
}

function computeLatency(latencies: readonly number[]): { readonly p50: number; readonly p95: number } {
  const { p50, p95 } = computePercentiles(latencies);
  return { p50: round(p50), p95: round(p95) };
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
