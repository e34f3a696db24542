import type { RolloutGateName } from '@watchpost/shared/rollout/gates.ts';
import type { GateSetting } from '@watchpost/shared/rollout/policy.ts';
import { createComparingGate, createLevelGate } from './comparing-gates.ts';
import { createCountingGate } from './counting-gates.ts';
import { createErrorRateGate } from './error-rate-gate.ts';
import type { GateEvidence, GateJudgement, GateVerdict, RolloutGate } from './port.ts';
import { ALPHA } from './tested-gate.ts';
import { judgeOpen } from './time-out.ts';

type CreateGate = (setting: GateSetting) => RolloutGate;

const GATES: Readonly<Record<RolloutGateName, CreateGate>> = {
  installed: (setting) => createCountingGate(setting, 'installed'),
  probation: (setting) => createCountingGate(setting, 'probation'),
  error_rate: createErrorRateGate,
  latency_ratio: (setting) => createComparingGate(setting, 'latency_ratio'),
  latency_p95: (setting) => createLevelGate(setting, 'latency_p95'),
  fps: (setting) => createComparingGate(setting, 'fps'),
  temperature: (setting) => createComparingGate(setting, 'temperature'),
  throttling: (setting) => createComparingGate(setting, 'throttling'),
  disagreement: (setting) => createLevelGate(setting, 'disagreement'),
  drift_state: (setting) => createUnheardGate(setting, 'devices do not tell of drift'),
  label_accuracy: (setting) => createUnheardGate(setting, 'no frame has a label'),
};

function createUnheardGate(setting: GateSetting, why: string): RolloutGate {
  return { name: setting.gate, judge: (evidence) => judgeOpen(setting, evidence, `no evidence: ${why}`) };
}

/**
 * A verdict for each gate. The mean of the e-values of all gates that test is an e-value itself, so all of them together
 * take back a good bundle with a probability of 5 % at most, however many they are and however often they are asked.
 */
export function judgeGates(settings: readonly GateSetting[], evidence: GateEvidence): readonly GateVerdict[] {
  const judged = settings.map((setting) => GATES[setting.gate](setting).judge(evidence));
  const tests = judged.flatMap(({ harmE }) => harmE ?? []);
  const meanE = tests.reduce((sum, harmE) => sum + harmE, 0) / tests.length;
  return judged.map((judgement) => weigh(judgement, meanE));
}

/** Where all gates together tell of harm, those that see it say so. */
function weigh({ gate, verdict, why, harmE = 0 }: GateJudgement, meanE: number): GateVerdict {
  const isHarm = meanE >= 1 / ALPHA && harmE >= 1 / ALPHA;
  return isHarm
    ? {
        gate,
        verdict: 'fail',
        why: `${why} (e-value ${shorten(harmE)}, each device counted up to five limits)`,
      }
    : { gate, verdict, why };
}

const shorten = (e: number): string => (e >= 1e6 ? 'over a million' : `${Math.round(e)}`);
