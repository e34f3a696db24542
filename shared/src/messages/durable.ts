import Type, { type Static } from 'typebox';

/** Streams of durable messages, each numbered for itself. */
export const Stream = Type.Enum(['event', 'deployment', 'telemetry']);
export type Stream = Static<typeof Stream>;
export const STREAMS: readonly Stream[] = ['event', 'deployment', 'telemetry'];

/** Beyond it, numbers that follow one another are the same number. */
const Seq = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/**
 * What the box knew of its clock: `synced` with a time server; `plausible`, going on from where it was; `behind`, at a
 * time that is over, so that the time stamps beside it order nothing.
 */
export const ClockState = Type.Enum(['synced', 'plausible', 'behind']);
export type ClockState = Static<typeof ClockState>;

/**
 * What makes a message durable: it is a row of the agent's outbox, and the server stores it once.
 * `epoch` names the outbox file (a box whose disk was replaced starts a new one at seq 1); `seq` grows by one
 * within (epoch, stream); `firstSeq` is the lowest number the box still holds: what lies below was receipted or
 * evicted, so the server does not wait for it.
 */
const numberFields = {
  epoch: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  seq: Seq,
  firstSeq: Seq,
  /** Sent from the backlog, later than it happened. */
  historical: Type.Boolean(),
};

export const durableFields = {
  ...numberFields,
  /** When the message was made, not when it was sent; absent from a box of an earlier release. */
  clockState: Type.Optional(ClockState),
};
export type DurableFields = keyof typeof durableFields;

/** What a message is stored and receipted by, whatever else is in it. */
export const Durable = Type.Object(numberFields, { additionalProperties: true });
export type Durable = Static<typeof Durable>;

const UpTo = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** Server -> device: per stream the highest number up to which everything is stored, after the commit. */
export const Receipt = Type.Object(
  {
    epoch: numberFields.epoch,
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
