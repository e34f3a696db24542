import Type, { type Static } from 'typebox';
import { Sha256 } from '../kernel/ids.ts';

/** The id of a sighting where it is part of an address or a path; boxes make no others. */
const PATTERN = '^[A-Za-z0-9-]{1,64}$';
export const EventId = Type.String({ pattern: PATTERN });

const EVENT_ID = new RegExp(PATTERN);
export const isEventId = (text: string): boolean => EVENT_ID.test(text);

/** Of one sighting: so many a box keeps at most, and a server takes. */
export const MAX_EVIDENCE_PICTURES = 12;
export const MAX_EVIDENCE_PICTURE_BYTES = 1024 * 1024;

/** In the order they were taken, from 1. */
export const EvidenceNumber = Type.Integer({ minimum: 1, maximum: MAX_EVIDENCE_PICTURES });

/** Milliseconds from the frame that decided; below zero before it. */
export const EvidenceOffset = Type.Integer({ minimum: -3_600_000, maximum: 3_600_000 });

/** Beside the JPEG of PUT /api/v1/device/events/:event/evidence/:number. */
export const EvidencePut = Type.Object(
  { sha256: Sha256, offsetMs: EvidenceOffset },
  { additionalProperties: false },
);
export type EvidencePut = Static<typeof EvidencePut>;
