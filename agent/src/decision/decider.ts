import { decide, endAll, initialDecisionState } from './decide.ts';
import type { Decider, DecisionRules } from './port.ts';

/** Remembers the votes of one camera for one model. */
export function createDecider(rules: DecisionRules, labels: readonly string[]): Decider {
  let state = initialDecisionState;
  return {
    step: (vote) => {
      const outcome = decide(state, vote, rules, labels);
      state = outcome.state;
      return outcome.decisions;
    },
    endAll: () => {
      const outcome = endAll(state);
      state = outcome.state;
      return outcome.decisions;
    },
  };
}
