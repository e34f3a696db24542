import Type, { type Static } from 'typebox';
import { Id, Ratio01, Sha256, UnixMs } from '../kernel/ids.ts';
import { durableFields } from './durable.ts';

/** A decided change of state on one camera: `new` opens it, `update` renews the score, `end` closes it. */
export const eventFields = {
  /** The same for the new, update and end of one sighting. */
  id: Type.String({ minLength: 1, maxLength: 64 }),
  type: Type.Enum(['new', 'update', 'end']),
  label: Type.String({ minLength: 1 }),
  /** Where in the picture, for a camera whose regions are classified each on its own. */
  region: Type.Optional(Id),
  /** Mean probability of `label` over the voting window. */
  score: Ratio01,
  /** When it was seen (not sent), by the box's clock. */
  tsMs: UnixMs,
  /** Position in the recording, for sources that have one: where to look it up. */
  mediaMs: Type.Optional(Type.Number({ minimum: 0 })),
  votes: Type.Object(
    { label: Type.Integer({ minimum: 0 }), window: Type.Integer({ minimum: 1 }) },
    { additionalProperties: false },
  ),
  thresholds: Type.Object({ enter: Ratio01, exit: Ratio01 }, { additionalProperties: false }),
  bundleDigest: Sha256,
};

/** What the decision room hands to the outbox. */
export const EventBody = Type.Object(eventFields, { additionalProperties: false });
export type EventBody = Static<typeof EventBody>;

/** Device -> fleet, durable. */
export const CameraEvent = Type.Object({ ...eventFields, ...durableFields }, { additionalProperties: false });
export type CameraEvent = Static<typeof CameraEvent>;
