import {
  computeStandpoint,
  type DecisionOutcome,
  decide,
  endAll,
  initialDecisionState,
  lapse,
  type TimedRules,
} from './decide.ts';
import type { Decider, Decision } from './port.ts';

/** Remembers the votes of one camera, or of a region of one, for one model. */
export function createDecider(rules: TimedRules, labels: readonly string[]): Decider {
  let state = initialDecisionState;
  const settle = (outcome: DecisionOutcome): readonly Decision[] => {
    state = outcome.state;
    return outcome.decisions;
  };
  return {
    step: (vote) => settle(decide(state, vote, rules, labels)),
    lapse: (nowMs) => settle(lapse(state, nowMs, rules)),
    endAll: () => settle(endAll(state)),
    standpoint: () => computeStandpoint(state, rules, labels),
  };
}
