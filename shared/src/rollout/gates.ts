/** Of the limit of a gate. `share` is 0 to 1, `times` a factor, `points` a difference of shares, `degrees` one of °C. */
export type RolloutGateUnit = 'share' | 'times' | 'points' | 'degrees' | 'ms';

export interface RolloutGateFact {
  readonly unit: RolloutGateUnit;
  /** Where the policy gives none. */
  readonly limit: number;
  /** What must hold, with the limit. */
  readonly meaning: string;
  /**
   * `counted`: shares of the executed devices. `tested`: compared under a test that may be looked at at any time; all
   * tested gates of a policy share one probability of a false alarm. `unheard`: the server has no evidence for it yet.
   */
  readonly kind: 'counted' | 'tested' | 'unheard';
}

/** The gates a rollout can have, in the order in which they are listed. */
export const ROLLOUT_GATES = {
  installed: {
    kind: 'counted',
    unit: 'share',
    limit: 0.9,
    meaning: 'share of the executed devices that took the bundle and still run it, at least',
  },
  probation: {
    kind: 'counted',
    unit: 'share',
    limit: 0.9,
    meaning: 'share of the executed devices whose probation failed at nothing, at least',
  },
  error_rate: {
    kind: 'tested',
    unit: 'points',
    limit: 0.01,
    meaning: 'frames the model did not answer, more than on the control devices by at most',
  },
  latency_ratio: {
    kind: 'tested',
    unit: 'times',
    limit: 1.25,
    meaning: 'p95 of the inference, against the control devices, at most',
  },
  latency_p95: {
    kind: 'tested',
    unit: 'ms',
    limit: 1000,
    meaning: 'p95 of the inference, mean of the devices, at most',
  },
  fps: {
    kind: 'tested',
    unit: 'share',
    limit: 0.9,
    meaning: 'frames classified of those there were to classify, against the control devices, at least',
  },
  temperature: {
    kind: 'tested',
    unit: 'degrees',
    limit: 5,
    meaning: 'hottest sensor, warmer than on the control devices by at most',
  },
  throttling: {
    kind: 'tested',
    unit: 'points',
    limit: 0.05,
    meaning: 'share of the time slowed down by heat or power, more than on the control devices by at most',
  },
  disagreement: {
    kind: 'tested',
    unit: 'share',
    limit: 0.2,
    meaning: 'share of the shadow frames on which the new model and the old one differ, at most',
  },
  drift_state: {
    kind: 'unheard',
    unit: 'share',
    limit: 0,
    meaning: 'share of the devices with a drift alert that the control devices do not have, at most',
  },
  label_accuracy: {
    kind: 'unheard',
    unit: 'points',
    limit: 0.02,
    meaning: 'accuracy on labelled frames, less than that of the model before by at most',
  },
} as const satisfies Readonly<Record<string, RolloutGateFact>>;

export type RolloutGateName = keyof typeof ROLLOUT_GATES;
export const ROLLOUT_GATE_NAMES = Object.keys(ROLLOUT_GATES) as readonly RolloutGateName[];

/** Minutes a gate may stay open after the soak, where the policy gives none. */
export const GATE_WAIT_MINUTES = 60;
