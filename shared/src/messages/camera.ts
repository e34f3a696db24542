import Type, { type Static } from 'typebox';
import { Ratio01, Sha256, UnixMs } from '../kernel/ids.ts';

export const CameraCondition = Type.Enum(['online', 'offline', 'stalled', 'frozen', 'covered', 'disabled']);
export type CameraCondition = Static<typeof CameraCondition>;

/** Device -> fleet, retained: whether a camera can be seen, and the code of what is wrong. */
export const CameraStatus = Type.Object(
  {
    tsMs: UnixMs,
    condition: CameraCondition,
    code: Type.Optional(Type.String()),
    detail: Type.Optional(Type.String()),
    /** Share of the last minutes in which frames flowed. */
    quality01: Ratio01,
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
    skippedFps: Type.Number({ minimum: 0 }),
    /** Frames classified since the agent started. */
    processedTotal: Type.Integer({ minimum: 0 }),
    inferMs: Type.Object({ p50: Ms, p95: Ms, p99: Ms }, { additionalProperties: false }),
    endToEndMs: Type.Object({ p50: Ms, p95: Ms, p99: Ms }, { additionalProperties: false }),
    reconnects: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);
export type CameraStats = Static<typeof CameraStats>;

/** Device -> fleet, retained: what a dashboard shows. `label` is absent while nothing is decided. */
export const CameraState = Type.Object(
  {
    tsMs: UnixMs,
    label: Type.Optional(Type.String()),
    sinceMs: UnixMs,
    score: Ratio01,
    /** model@version */
    model: Type.String(),
    digest: Sha256,
  },
  { additionalProperties: false },
);
export type CameraState = Static<typeof CameraState>;
