import Type, { type Static } from 'typebox';

/** Streams of durable messages, each numbered for itself. */
export const Stream = Type.Enum(['event', 'deployment', 'telemetry']);
export type Stream = Static<typeof Stream>;
export const STREAMS: readonly Stream[] = ['event', 'deployment', 'telemetry'];

/** Beyond it, numbers that follow one another are the same number. */
const Seq = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/**
 * What makes a message durable: it is a row of the agent's outbox, and the server stores it once.
 * `epoch` names the outbox file (a box whose disk was replaced starts a new one at seq 1); `seq` grows by one
 * within (epoch, stream); `firstSeq` is the lowest number the box still holds: what lies below was receipted or
 * evicted, so the server does not wait for it.
 */
export const durableFields = {
  epoch: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  seq: Seq,
  firstSeq: Seq,
  /** Sent from the backlog, later than it happened. */
  historical: Type.Boolean(),
};

export const Durable = Type.Object(durableFields, { additionalProperties: true });
export type Durable = Static<typeof Durable>;
export type DurableFields = keyof Durable;

const UpTo = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** Server -> device: per stream the highest number up to which everything is stored, after the commit. */
export const Receipt = Type.Object(
  {
    epoch: durableFields.epoch,
    upTo: Type.Object(
      {
        event: Type.Optional(UpTo),
        deployment: Type.Optional(UpTo),
        telemetry: Type.Optional(UpTo),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
export type Receipt = Static<typeof Receipt>;
