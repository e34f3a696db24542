import type { Readable } from 'node:stream';

/** Content-addressed files. */
export interface BlobStore {
  /**
   * Stores a stream under its SHA-256; storing the same content again is no error.
   * @throws AppError DIGEST_MISMATCH | BODY_TOO_LARGE | STORE_FAILED
   */
  put(sha256: string, content: Readable): Promise<{ readonly sizeBytes: number }>;
  /** Size in bytes; undefined when it is not here. */
  size(sha256: string): Promise<number | undefined>;
  /** Bytes `start` to `end`, both included. */
  read(sha256: string, range?: { readonly start: number; readonly end: number }): Readable;
}
