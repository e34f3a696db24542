import Type, { type Static } from 'typebox';
import { Ratio01, Sha256, UnixMs } from '../kernel/ids.ts';
import { durableFields } from './durable.ts';

const Bytes = Type.Integer({ minimum: 0 });
const Frames = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** What one model did in one window, over all cameras of the box. */
export const InferenceWindow = Type.Object(
  {
    /** Of the bundle that ran. */
    digest: Sha256,
    framesCaptured: Frames,
    framesClassified: Frames,
    /** Frames the model was given and did not answer. */
    framesFailed: Frames,
    /** p95 of its last frames; absent while they are too few. */
    inferP95Ms: Type.Optional(Type.Number({ minimum: 0 })),
  },
  { additionalProperties: false },
);
export type InferenceWindow = Static<typeof InferenceWindow>;

const telemetryFields = {
  tsMs: UnixMs,
  /** Seconds covered: 0 for a live sample, more for the mean of a summary. */
  windowSec: Type.Number({ minimum: 0 }),
  uptimeSec: Type.Number({ minimum: 0 }),
  cpu: Type.Object(
    {
      load01: Ratio01,
      loadAvg1: Type.Number({ minimum: 0 }),
      pressureSome10: Type.Optional(Type.Number({ minimum: 0 })),
    },
    { additionalProperties: false },
  ),
  gpu: Type.Array(
    Type.Object(
      { name: Type.String(), load01: Type.Optional(Ratio01), memoryUsedBytes: Type.Optional(Bytes) },
      { additionalProperties: false },
    ),
  ),
  temperatures: Type.Array(
    Type.Object({ zone: Type.String(), celsius: Type.Number() }, { additionalProperties: false }),
  ),
  memory: Type.Object(
    { totalBytes: Bytes, availableBytes: Bytes, agentRssBytes: Bytes },
    { additionalProperties: false },
  ),
  disk: Type.Object({ totalBytes: Bytes, freeBytes: Bytes }, { additionalProperties: false }),
  network: Type.Object(
    { rxBytesPerSec: Type.Number({ minimum: 0 }), txBytesPerSec: Type.Number({ minimum: 0 }) },
    { additionalProperties: false },
  ),
  throttled: Type.Boolean(),
  clock: Type.Object(
    { synced: Type.Boolean(), offsetMs: Type.Optional(Type.Number()) },
    { additionalProperties: false },
  ),
  /** In summaries only; absent where no model ran, or another one by the end than at the beginning. */
  inference: Type.Optional(InferenceWindow),
  outbox: Type.Object(
    {
      rows: Type.Integer({ minimum: 0 }),
      bytes: Bytes,
      oldestSec: Type.Number({ minimum: 0 }),
      dropped: Type.Integer({ minimum: 0 }),
    },
    { additionalProperties: false },
  ),
};

/** Device -> fleet: one live sample (QoS 0), or the summary of a window (durable) when it has a `seq`. */
export const Telemetry = Type.Object(
  { ...telemetryFields, ...Type.Partial(Type.Object(durableFields)).properties },
  { additionalProperties: false },
);
export type Telemetry = Static<typeof Telemetry>;
export type OutboxReport = Telemetry['outbox'];
