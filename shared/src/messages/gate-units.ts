import type { GateFinding } from './deployment-findings.ts';

/** Of the value and the limit of a gate: `share` is 0 to 1, `times` is how often what is usual on that box. */
export type GateUnit = 'share' | 'ms' | 'celsius' | 'times' | 'count';

export const GATE_UNITS: Readonly<Record<GateFinding['gate'], GateUnit>> = {
  /** Of the frames the model was given. */
  inference_errors: 'share',
  latency: 'ms',
  /** Of the frames there were to classify, those that were. */
  pace: 'share',
  temperature: 'celsius',
  event_rate: 'times',
  child_restarts: 'count',
  agent_restarts: 'count',
};
