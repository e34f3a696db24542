/** A picture on the box. */
export interface KeptPicture {
  /** In the order they were taken, from 1. */
  readonly number: number;
  /** From the frame that decided; below zero before it. */
  readonly offsetMs: number;
  readonly sizeBytes: number;
  /** To be sent without being asked for. */
  readonly isDue: boolean;
}

/** The pictures of one sighting. */
export interface KeptSighting {
  readonly event: string;
  /** Wall clock of its first picture. */
  readonly atMs: number;
  readonly pictures: readonly KeptPicture[];
}

export interface NewPicture {
  readonly offsetMs: number;
  readonly jpeg: Uint8Array;
  readonly isDue: boolean;
}

/**
 * Pictures of sightings. They are no state of the box: a power cut may cost the last ones, and one that is torn counts
 * as none.
 */
export interface EvidenceStore {
  /** Oldest first. @throws AppError STORE_FAILED */
  list(): Promise<readonly KeptSighting[]>;
  /** @throws AppError STORE_FAILED */
  find(event: string): Promise<KeptSighting | undefined>;
  /** Whether there were pictures that were removed, as far as the box remembers. @throws AppError STORE_FAILED */
  wasRemoved(event: string): Promise<boolean>;
  /** What the disk has too little to take so much more; 0 for nothing. @throws AppError STORE_FAILED */
  readShortageBytes(incomingBytes: number): Promise<number>;
  /** Under the next number of its sighting. @throws AppError DISK_FULL | STORE_FAILED */
  add(event: string, picture: NewPicture): Promise<void>;
  /** @returns undefined for one that is gone or torn. @throws AppError STORE_FAILED */
  read(event: string, number: number): Promise<Uint8Array | undefined>;
  /** No longer due. @throws AppError STORE_FAILED */
  markSent(event: string, number: number): Promise<void>;
  /** All pictures of a sighting. @throws AppError STORE_FAILED */
  remove(event: string): Promise<void>;
}

export interface SentPicture {
  readonly number: number;
  readonly offsetMs: number;
  readonly jpeg: Uint8Array;
}

/** `early`: the server has not heard of the sighting yet; `refused`: it will never take this picture. */
export type PutOutcome = 'stored' | 'early' | 'refused';

/**
 * Puts a picture on the server, which takes the same one any number of times.
 * @throws AppError SERVER_UNREACHABLE
 */
export type PutEvidence = (event: string, picture: SentPicture, signal: AbortSignal) => Promise<PutOutcome>;

/** `gone`: it was removed meanwhile, or is torn. */
export type SendOutcome = PutOutcome | 'gone';

/** Sends one picture that is kept. @throws AppError SERVER_UNREACHABLE | STORE_FAILED */
export type SendKept = (
  event: string,
  picture: Pick<KeptPicture, 'number' | 'offsetMs'>,
  signal: AbortSignal,
) => Promise<SendOutcome>;
