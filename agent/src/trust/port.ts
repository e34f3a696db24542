import type { KeyObject } from 'node:crypto';
import type { Order } from '@watchpost/shared/trust/order.ts';

/** Who decides that a bundle may be installed here. What runs already is never asked about. */
export interface BundleTrust {
  /**
   * @throws AppError TRUST_ROOT_MISSING | TRUST_INVALID | TRUST_ROLLBACK | TRUST_EXPIRED | TARGET_UNKNOWN |
   * TARGET_MISMATCH: no; SERVER_UNREACHABLE | DOWNLOAD_FAILED | STORE_FAILED | DISK_FULL: cannot tell now
   */
  verify(order: Order, signal: AbortSignal): Promise<void>;
}

/**
 * Where trust metadata come from. Reads at most `maxBytes`.
 * @returns undefined when there is no document of this name
 * @throws AppError SERVER_UNREACHABLE | DOWNLOAD_FAILED | TRUST_INVALID for an endless document
 */
export type MetadataSource = (
  name: string,
  maxBytes: number,
  signal: AbortSignal,
) => Promise<Uint8Array | undefined>;

/** The highest version of a role this box has trusted, and what line of versions it belongs to. */
export interface TrustMark {
  readonly role: string;
  readonly version: number;
  readonly identity: string;
}

/** High-water marks: what was seen once is not forgotten with the metadata files, nor with the clock. */
export interface TrustMarks {
  /** `timeMs`: wall time of the last good check, 0 before the first. @throws AppError STORE_FAILED | DISK_FULL */
  read(): { readonly marks: ReadonlyMap<string, TrustMark>; readonly timeMs: number };
  /** On disk when it returns. @throws AppError STORE_FAILED | DISK_FULL */
  save(marks: readonly TrustMark[], timeMs: number): void;
}

/** Whose orders count, the newest key first. */
export interface DirectorKeys {
  /**
   * @param keyId the key an order names: a list that lacks it may be looked up again
   * @throws AppError STORE_FAILED | DISK_FULL
   */
  list(keyId?: string): Promise<readonly KeyObject[]>;
}

/** Reads what the director signed: orders, or documents of settings. */
export interface OrderReader<Payload = Order> {
  /**
   * @param token compact JWS
   * @returns what it says, which is genuine and for this box; whether it is in time is not judged here
   * @throws AppError ORDER_INVALID; STORE_FAILED | DISK_FULL: cannot tell now
   */
  read(token: string): Promise<Payload>;
}
