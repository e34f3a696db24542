import Type, { type Static } from 'typebox';
import { PROVIDERS } from '../bundle/providers.ts';
import { Id, Ratio01, Sha256 } from '../kernel/ids.ts';

const closed = { additionalProperties: false } as const;
const Ms = Type.Number({ minimum: 0 });
const Sec = Type.Number({ minimum: 0 });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Latency = Type.Object({ p50: Ms, p95: Ms }, closed);

/** How a bundle is run on a box: the variant, the threads and what runs it that were fastest there. */
export const ModelChoice = Type.Object(
  {
    variant: Id,
    threads: Type.Integer({ minimum: 1 }),
    /** Absent: the processor. */
    provider: Type.Optional(Type.Enum([...PROVIDERS])),
  },
  closed,
);
export type ModelChoice = Static<typeof ModelChoice>;

/** One variant with one number of threads, measured on the box. */
export const VariantTrial = Type.Object(
  {
    ...ModelChoice.properties,
    outcome: Type.Enum(['passed', 'failed', 'skipped']),
    /** Error code and words, unless it passed. */
    code: Type.Optional(Type.String()),
    detail: Type.Optional(Type.String()),
    /** Of the measured runs. */
    inferMs: Type.Optional(Latency),
    /** Highest resident memory of its process. */
    rssBytes: Type.Optional(Count),
  },
  closed,
);
export type VariantTrial = Static<typeof VariantTrial>;

export const SelfTestFindings = Type.Object(
  {
    kind: Type.Literal('self_test'),
    trials: Type.Array(VariantTrial, { maxItems: 64 }),
    chosen: Type.Optional(ModelChoice),
    /** What was asked for or offered and cannot run models on this box. */
    unavailable: Type.Optional(
      Type.Array(Type.Object({ provider: Type.Enum([...PROVIDERS]), detail: Type.String() }, closed), {
        maxItems: PROVIDERS.length,
      }),
    ),
  },
  closed,
);
export type SelfTestFindings = Static<typeof SelfTestFindings>;

/** The challenger beside the champion, on the same frames. */
export const ShadowFindings = Type.Object(
  {
    kind: Type.Literal('shadow'),
    /** Frames both classified. */
    frames: Count,
    windowSec: Sec,
    /** Share of the frames with the same label; absent for no frames. */
    agreement01: Type.Optional(Ratio01),
    /** What the two said where they differ, the most frequent first. */
    disagreements: Type.Array(
      Type.Object({ champion: Type.String(), challenger: Type.String(), frames: Count }, closed),
      { maxItems: 20 },
    ),
    championMs: Type.Optional(Latency),
    challengerMs: Type.Optional(Latency),
    /** Mean of the challenger's best probability minus the champion's. */
    confidenceShift: Type.Optional(Type.Number({ minimum: -1, maximum: 1 })),
    /** Frames the challenger failed on. */
    errors: Count,
    /** Share of the window in which the challenger ran. */
    busy01: Ratio01,
  },
  closed,
);
export type ShadowFindings = Static<typeof ShadowFindings>;

export const SwitchFindings = Type.Object(
  {
    kind: Type.Literal('switch'),
    /** Frames no model classified because of the switch. */
    framesDropped: Count,
    tookMs: Ms,
  },
  closed,
);
export type SwitchFindings = Static<typeof SwitchFindings>;

export const PROBATION_GATES = [
  'inference_errors',
  'latency',
  'pace',
  'temperature',
  'event_rate',
  'child_restarts',
  'agent_restarts',
] as const;

/** One gate of the probation. `not_judged`: nothing to compare with, or too little seen. */
export const GateFinding = Type.Object(
  {
    gate: Type.Enum([...PROBATION_GATES]),
    verdict: Type.Enum(['passed', 'failed', 'not_judged']),
    value: Type.Optional(Type.Number()),
    limit: Type.Optional(Type.Number()),
  },
  closed,
);
export type GateFinding = Static<typeof GateFinding>;

export const ProbationFindings = Type.Object(
  { kind: Type.Literal('probation'), windowSec: Sec, gates: Type.Array(GateFinding, { maxItems: 16 }) },
  closed,
);
export type ProbationFindings = Static<typeof ProbationFindings>;

export const RollbackFindings = Type.Object(
  {
    kind: Type.Literal('rollback'),
    /** From the decision until the model before classified again. */
    tookMs: Ms,
    /** What runs now; absent when there was no model before. */
    digest: Type.Optional(Sha256),
  },
  closed,
);
export type RollbackFindings = Static<typeof RollbackFindings>;

/** What one step of a deployment found out on the box. */
export const DeploymentFindings = Type.Union([
  SelfTestFindings,
  ShadowFindings,
  SwitchFindings,
  ProbationFindings,
  RollbackFindings,
]);
export type DeploymentFindings = Static<typeof DeploymentFindings>;
