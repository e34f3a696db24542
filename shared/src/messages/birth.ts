import Type, { type Static } from 'typebox';
import { Id, Sha256, UnixMs } from '../kernel/ids.ts';

/** What the box is made of, read once at start. */
export const Hardware = Type.Object(
  {
    board: Type.String(),
    cpu: Type.String(),
    cores: Type.Integer({ minimum: 1 }),
    memoryBytes: Type.Integer({ minimum: 0 }),
    os: Type.String(),
    arch: Type.String(),
    gpu: Type.Array(Type.String()),
  },
  { additionalProperties: false },
);
export type Hardware = Static<typeof Hardware>;

/** The bundle a box classifies with. */
export const ActiveBundle = Type.Object(
  { model: Id, version: Type.String(), digest: Sha256, variant: Type.String() },
  { additionalProperties: false },
);
export type ActiveBundle = Static<typeof ActiveBundle>;

/** Device -> fleet, retained, once per connection: who this is and what it runs. */
export const Birth = Type.Object(
  {
    agentVersion: Type.String(),
    startedAtMs: UnixMs,
    hardware: Hardware,
    executionProviders: Type.Array(Type.String()),
    /** Types of orders the agent carries out; one that does not say knows `forced` only. */
    orderTypes: Type.Optional(Type.Array(Type.String())),
    cameras: Type.Array(
      Type.Object(
        { id: Id, name: Type.String(), kind: Type.Enum(['rtsp', 'mjpeg', 'v4l2', 'file']) },
        { additionalProperties: false },
      ),
    ),
    activeBundle: Type.Optional(ActiveBundle),
    epoch: Type.String(),
    lastSeq: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);
export type Birth = Static<typeof Birth>;
