import { CANARY_POLICY, type CanaryOutcome, runCanary } from './canary-run.ts';

/** The group and its control: a rollout that starts with a tenth of 200 boxes. */
const FLEET = { canaries: 20, controls: 180, fps: 5, oldErrors01: 0.03 };

/** Errors of the new model, where the old one has 3 %, and how many of the runs play it: one is for information. */
export const CANARY_SCENARIOS = {
  bad: { newErrors01: 0.15, runs01: 1 },
  equal: { newErrors01: 0.03, runs01: 1 },
  slightlyBad: { newErrors01: 0.05, runs01: 0.25 },
} as const;
export type CanaryScenario = keyof typeof CANARY_SCENARIOS;

export interface CanaryFigures {
  readonly runs: number;
  readonly rolledBack01: number;
  /** Of those, by what was shown within the soak, and not because the gate was still open at the end of its time. */
  readonly withinSoak01: number;
  /** From the beginning of the soak to the turning back, of those that did. */
  readonly minutes?: { readonly p50: number; readonly p95: number; readonly max: number };
  /** The words of the first that turned back. */
  readonly why?: string;
}

export interface CanaryBenchOptions {
  readonly runs: number;
  readonly seed: number;
  readonly onRun?: (done: number) => void;
}

/** Plays a scenario over and over, each time in another fleet; the same seed, the same figures. */
export function benchCanary(
  scenario: CanaryScenario,
  { runs, seed, onRun }: CanaryBenchOptions,
): CanaryFigures {
  const { newErrors01, runs01 } = CANARY_SCENARIOS[scenario];
  const outcomes = Array.from({ length: Math.ceil(runs * runs01) }, (_, index) => {
    const outcome = runCanary({
      ...FLEET,
      newErrors01,
      seed: seed * 1_000_003 + index,
      policy: CANARY_POLICY,
    });
    onRun?.(index + 1);
    return outcome;
  });
  return computeFigures(outcomes);
}

function computeFigures(outcomes: readonly CanaryOutcome[]): CanaryFigures {
  const back = outcomes.filter(({ isRolledBack }) => isRolledBack);
  const minutes = back.map(({ soakedMinutes }) => soakedMinutes).toSorted((a, b) => a - b);
  const within = minutes.filter((it) => it * 60 < CANARY_POLICY.soakSeconds).length;
  const at = (share: number): number => minutes[Math.ceil(share * minutes.length) - 1] ?? 0;
  const [first] = back;
  return {
    runs: outcomes.length,
    rolledBack01: back.length / outcomes.length,
    withinSoak01: within / outcomes.length,
    ...(first !== undefined && { minutes: { p50: at(0.5), p95: at(0.95), max: at(1) }, why: first.why }),
  };
}

/** How the bench describes its fleet, next to its figures. */
export const describeFleet = (): string =>
  `${FLEET.canaries} canary and ${FLEET.controls} control boxes, ${FLEET.fps} fps by day and less by night, ` +
  `windows of a minute, soak of ${CANARY_POLICY.soakSeconds / 60} min, ` +
  `gates ${CANARY_POLICY.gates.map(({ gate }) => gate).join(', ')}`;
