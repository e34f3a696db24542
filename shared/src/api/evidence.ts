import Type, { type Static } from 'typebox';
import { Id } from '../kernel/ids.ts';
import { EventId, EvidenceNumber, EvidenceOffset, MAX_EVIDENCE_PICTURES } from '../messages/evidence.ts';

const closed = { additionalProperties: false } as const;

/** A picture of a sighting that the server has. */
export const EvidencePicture = Type.Object(
  { number: EvidenceNumber, offsetMs: EvidenceOffset, sizeBytes: Type.Integer({ minimum: 1 }) },
  closed,
);
export type EvidencePicture = Static<typeof EvidencePicture>;

const evidenceFields = {
  /** By their numbers; empty while they are on the box only, or nowhere. */
  pictures: Type.Array(EvidencePicture, { maxItems: MAX_EVIDENCE_PICTURES }),
  /** False once the box said that it has none. */
  canAsk: Type.Boolean(),
};

/** The pictures of one sighting, as far as the server knows. */
export const EventEvidence = Type.Object(evidenceFields, closed);
export type EventEvidence = Static<typeof EventEvidence>;

/** GET /api/v1/devices/:id/events/:event/evidence, and what is told live when it changes. */
export const EvidenceView = Type.Object({ deviceId: Id, event: EventId, ...evidenceFields }, closed);
export type EvidenceView = Static<typeof EvidenceView>;
