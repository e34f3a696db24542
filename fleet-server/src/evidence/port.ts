import type { EventEvidence, EvidenceView } from '@watchpost/shared/api/evidence.ts';
import type { AuditActor } from '../audit/port.ts';
import type { SightingKey } from '../store/port.ts';

export type { SightingKey };

/** A picture as a device sends it. */
export interface ReceivedPicture {
  readonly number: number;
  readonly offsetMs: number;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** Pictures of sightings, from the devices that saw them. */
export interface Evidence {
  /**
   * Takes a picture of a sighting the device reported; the same one again is no error.
   * @throws AppError EVENT_UNKNOWN | REQUEST_INVALID for no JPEG | DIGEST_MISMATCH | EVIDENCE_TAKEN | STORE_FAILED
   */
  put(sighting: SightingKey, picture: ReceivedPicture): Promise<void>;
  /** @throws AppError NOT_FOUND for a sighting the device did not report | STORE_FAILED */
  view(sighting: SightingKey): Promise<EvidenceView>;
  /** In the order of `sightings`. @throws AppError STORE_FAILED */
  viewAll(sightings: readonly SightingKey[]): Promise<readonly EventEvidence[]>;
  /** That `viewer` saw the sighting goes into the audit log. @throws AppError NOT_FOUND | STORE_FAILED */
  read(sighting: SightingKey, number: number, viewer: AuditActor): Promise<Uint8Array>;
}

/** Where the pictures lie. Methods reject with AppError STORE_FAILED. */
export interface EvidenceFiles {
  /** Over one that is there. */
  save(sighting: SightingKey, number: number, bytes: Uint8Array): Promise<void>;
  load(sighting: SightingKey, number: number): Promise<Uint8Array | undefined>;
  /** All of a sighting. */
  remove(sighting: SightingKey): Promise<void>;
}
