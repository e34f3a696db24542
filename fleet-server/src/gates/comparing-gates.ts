import { ROLLOUT_GATES, type RolloutGateName } from '@watchpost/shared/rollout/gates.ts';
import type { GateSetting } from '@watchpost/shared/rollout/policy.ts';
import { computeEffect, computeLevel, type Reading, readLevels } from './device-effects.ts';
import { asDegrees, asMs, asPercent, asPoints, asTimes, describeEffect, type Format } from './gate-words.ts';
import type { GateEvidence, RolloutGate } from './port.ts';
import { boundsOf, type Finding, judgeTested } from './tested-gate.ts';

/** How one thing is measured; in the terms of `reading`, more is worse. */
interface Measure {
  readonly reading: Reading;
  readonly limitOf: (limit: number) => number;
  readonly resolution: number;
  readonly format: Format;
  /** What is shown rises as what is measured falls. */
  readonly isTurned?: true;
}

export type Comparing = 'latency_ratio' | 'fps' | 'temperature' | 'throttling';

const one = (value: number | undefined) => (value === undefined ? undefined : { value, weight: 1 });
const LOG_RESOLUTION = 0.02;
/** Below it a pace is as good as none. */
const MIN_PACE01 = 0.01;

/** Factors are compared by their logarithms. */
const MEASURES: Readonly<Record<Comparing, Measure>> = {
  latency_ratio: {
    reading: ({ inferP95Ms }) => one(inferP95Ms && Math.log(inferP95Ms)),
    limitOf: Math.log,
    resolution: LOG_RESOLUTION,
    format: (value) => asTimes(Math.exp(value)),
  },
  fps: {
    // Of those there were to classify: how many that is depends on what moves, and on how many cameras are there.
    reading: ({ framesClassified, framesDue }) =>
      framesDue === 0 ? undefined : one(-Math.log(Math.max(MIN_PACE01, framesClassified / framesDue))),
    limitOf: (limit) => -Math.log(limit),
    resolution: LOG_RESOLUTION,
    format: (value) => asPercent(Math.exp(-value)),
    isTurned: true,
  },
  temperature: {
    reading: ({ celsius }) => one(celsius),
    limitOf: (limit) => limit,
    resolution: 0.5,
    format: asDegrees,
  },
  throttling: {
    reading: ({ throttled01 }) => one(throttled01),
    limitOf: (limit) => limit,
    resolution: 0.01,
    format: asPoints,
  },
};

export const NOT_ENOUGH =
  'too few devices have told of two minutes with the bundle, or of the time before to compare with';

/** Against the control devices, and each device's own time before. */
export function createComparingGate(setting: GateSetting, name: Comparing): RolloutGate {
  const { reading, limitOf, resolution, format, isTurned = false } = MEASURES[name];
  const limit = limitOf(readLimit(setting));
  return {
    name,
    judge: (evidence) => {
      const effect = computeEffect(evidence, reading, boundsOf(limit, resolution));
      if (effect === undefined) return judgeTested(setting, evidence, NOT_ENOUGH);
      const { basis } = effect;
      const words: Finding['words'] = ({ low, high }) => {
        const range = isTurned ? { low: high, high: low } : { low, high };
        return describeEffect({ effect, ...range }, { format, limit, basis });
      };
      return judgeTested(setting, evidence, { effect, limit, resolution, words });
    },
  };
}

export const readLimit = ({ gate, limit }: GateSetting): number =>
  limit ?? ROLLOUT_GATES[gate as RolloutGateName].limit;

interface Level {
  readonly values: (evidence: GateEvidence) => readonly number[];
  readonly resolutionOf: (limit: number) => number;
  readonly format: Format;
  readonly none: string;
}

export type Levelled = 'latency_p95' | 'disagreement';

const LEVELS: Readonly<Record<Levelled, Level>> = {
  latency_p95: {
    values: (evidence) => readLevels(evidence, ({ inferP95Ms }) => one(inferP95Ms)),
    resolutionOf: (limit) => limit / 20,
    format: asMs,
    none: 'fewer than three devices have told of two minutes with the bundle',
  },
  disagreement: {
    values: ({ executed }) => executed.flatMap(({ findings }) => readDisagreement(findings)),
    resolutionOf: () => 0.01,
    format: asPercent,
    none: 'fewer than three devices have run the bundle in the shadow of the one before',
  },
};

/** Of the last shadow run. */
function readDisagreement(findings: GateEvidence['executed'][number]['findings']): readonly number[] {
  const shadow = findings.findLast(({ kind }) => kind === 'shadow');
  return shadow?.kind === 'shadow' && shadow.agreement01 !== undefined ? [1 - shadow.agreement01] : [];
}

/** Against a limit of its own, whatever other devices do. */
export function createLevelGate(setting: GateSetting, name: Levelled): RolloutGate {
  const { values, resolutionOf, format, none } = LEVELS[name];
  const limit = readLimit(setting);
  const resolution = resolutionOf(limit);
  return {
    name,
    judge: (evidence) => {
      const effect = computeLevel(values(evidence), boundsOf(limit, resolution));
      if (effect === undefined) return judgeTested(setting, evidence, none);
      const words: Finding['words'] = (range) => describeEffect({ effect, ...range }, { format, limit });
      return judgeTested(setting, evidence, { effect, limit, resolution, words });
    },
  };
}
