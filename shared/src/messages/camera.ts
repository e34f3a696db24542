import Type, { type Static } from 'typebox';
import { Id, Ratio01, Sha256, UnixMs } from '../kernel/ids.ts';

export const CameraCondition = Type.Enum(['online', 'offline', 'stalled', 'frozen', 'covered', 'disabled']);
export type CameraCondition = Static<typeof CameraCondition>;

/** The box looks less often than it is set to: three frames of five, only at keyframes, or at one camera after the other. */
export const Slowdown = Type.Object(
  {
    level: Type.Enum(['reduced', 'keyframes', 'one_camera']),
    /** `heat`: a temperature; `throttled`: the machine slows itself down; `pressure`: frames wait for a busy processor; `queue`: they wait for long. */
    why: Type.Array(Type.Enum(['heat', 'throttled', 'pressure', 'queue']), { minItems: 1 }),
    sinceMs: UnixMs,
  },
  { additionalProperties: false },
);
export type Slowdown = Static<typeof Slowdown>;

/** Device -> fleet, retained: whether a camera can be seen, and the code of what is wrong. */
export const CameraStatus = Type.Object(
  {
    tsMs: UnixMs,
    condition: CameraCondition,
    code: Type.Optional(Type.String()),
    detail: Type.Optional(Type.String()),
    /** Share of the last minutes in which frames flowed. */
    quality01: Ratio01,
    /** Absent while the box looks as often as it is set to. */
    slowed: Type.Optional(Slowdown),
  },
  { additionalProperties: false },
);
export type CameraStatus = Static<typeof CameraStatus>;

const Ms = Type.Number({ minimum: 0 });
/** Device -> fleet, QoS 0: the pace of one camera over the last `windowSec` seconds. */
export const CameraStats = Type.Object(
  {
    tsMs: UnixMs,
    windowSec: Type.Number({ exclusiveMinimum: 0 }),
    capturedFps: Type.Number({ minimum: 0 }),
    processedFps: Type.Number({ minimum: 0 }),
    /** Frames that were to be classified and were not, because a newer one came before their turn. */
    skippedFps: Type.Number({ minimum: 0 }),
    /** Frames left out because nothing moved; absent from a box that looks at every frame anyway. */
    gatedFps: Type.Optional(Type.Number({ minimum: 0 })),
    /** Frames left out because the box is hot, short of power or behind. */
    governedFps: Type.Optional(Type.Number({ minimum: 0 })),
    /** Which pictures of the stream are decoded. */
    tier: Type.Optional(Type.Enum(['every', 'keyframes'])),
    /** Frames classified since the agent started. */
    processedTotal: Type.Integer({ minimum: 0 }),
    inferMs: Type.Object({ p50: Ms, p95: Ms, p99: Ms }, { additionalProperties: false }),
    endToEndMs: Type.Object({ p50: Ms, p95: Ms, p99: Ms }, { additionalProperties: false }),
    reconnects: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);
export type CameraStats = Static<typeof CameraStats>;

/** What is seen, since when; `label` is absent while nothing is decided. */
const seen = { label: Type.Optional(Type.String()), sinceMs: UnixMs, score: Ratio01 };

/**
 * Device -> fleet, retained: what a dashboard shows. Of a camera with regions, what is seen with the highest score in any
 * of them.
 */
export const CameraState = Type.Object(
  {
    tsMs: UnixMs,
    ...seen,
    /** Each of them, for a camera that has any. */
    regions: Type.Optional(
      Type.Array(Type.Object({ id: Id, ...seen }, { additionalProperties: false }), { maxItems: 8 }),
    ),
    /** model@version */
    model: Type.String(),
    digest: Sha256,
  },
  { additionalProperties: false },
);
export type CameraState = Static<typeof CameraState>;
