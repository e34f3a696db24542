/** The pictures of one sighting of one device. */
export interface SightingKey {
  readonly deviceId: string;
  readonly event: string;
}

export interface EvidencePictureRecord extends SightingKey {
  /** In the order they were taken, from 1. */
  readonly number: number;
  /** From the frame that decided. */
  readonly offsetMs: number;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly receivedAtMs: number;
}

/** Methods reject with AppError STORE_FAILED. */
export interface EvidenceStore {
  /** Whether the device reported such a sighting. */
  hasEvent(key: SightingKey): Promise<boolean>;
  /** @returns false when there is one with this number already */
  add(picture: EvidencePictureRecord): Promise<boolean>;
  find(key: SightingKey, number: number): Promise<EvidencePictureRecord | undefined>;
  /** By sighting and number. */
  list(keys: readonly SightingKey[]): Promise<readonly EvidencePictureRecord[]>;
  /** Those of which their device said, when it was asked, that it has no pictures. */
  listAbsent(keys: readonly SightingKey[]): Promise<readonly SightingKey[]>;
  /** The sighting with the picture that came first. */
  oldest(): Promise<(SightingKey & { readonly receivedAtMs: number }) | undefined>;
  totalBytes(): Promise<number>;
  /** All pictures of a sighting. @returns how many bytes they were */
  remove(key: SightingKey): Promise<number>;
}
