import type { KeyObject } from 'node:crypto';
import type { BundleFile, Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { AppError } from '@watchpost/shared/kernel/errors.ts';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import type { OrderMark } from './order-mark.ts';

/** Where bundles come from. */
export interface ArtifactSource {
  /** Canonical manifest bytes, by digest. @throws AppError BUNDLE_FILE_MISSING | SERVER_UNREACHABLE | DOWNLOAD_FAILED */
  fetchManifest(digest: string, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * Downloads one file to `path`, resuming what is there, and checks its digest.
   * @throws AppError BUNDLE_FILE_MISSING | BUNDLE_DIGEST_MISMATCH | DISK_FULL | DOWNLOAD_FAILED | SERVER_UNREACHABLE
   */
  fetchFile(
    file: { readonly sha256: string; readonly sizeBytes: number },
    path: string,
    signal: AbortSignal,
  ): Promise<void>;
}

/** A failure after which the other side named the pause it wants. */
export class TryLaterError extends AppError {
  readonly retryAfterMs: number;

  constructor({ code, kind, message }: AppError, retryAfterMs: number) {
    super(code, kind, message);
    this.retryAfterMs = retryAfterMs;
  }
}

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

/** Reads what the director signed. */
export interface OrderReader {
  /**
   * @param token compact JWS
   * @returns the order, which is genuine and for this box; whether it is in time is not judged here
   * @throws AppError ORDER_INVALID; STORE_FAILED | DISK_FULL: cannot tell now
   */
  read(token: string): Promise<Order>;
}

/** A bundle laid out on this box, every file checked. */
export interface InstalledBundle {
  readonly digest: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** What the box classifies with, across restarts. */
export interface ActiveRecord {
  readonly digest: string;
  readonly deploymentId: string;
  readonly previousDigest?: string;
}

/** How far the last order came, across restarts. */
export interface DeploymentRecord {
  readonly deploymentId: string;
  readonly digest: string;
  readonly state: DeploymentState;
  /** How often its activation was begun: a model that takes the box down is not tried for ever. */
  readonly trials: number;
}

/** Bundles, orders and deployment records on this box. Every method may throw AppError DISK_FULL | STORE_FAILED. */
export interface BundleStore {
  /**
   * The active bundle, every byte checked; the previous one when it is damaged (and that one is active from then on).
   * @returns undefined when there is none that can be used
   */
  loadActive(): Promise<InstalledBundle | undefined>;
  /** What is written about the active bundle, unchecked. */
  readActive(): Promise<ActiveRecord | undefined>;
  readDeployment(): Promise<DeploymentRecord | undefined>;
  saveDeployment(record: DeploymentRecord): Promise<void>;
  readOrderMark(): Promise<OrderMark | undefined>;
  saveOrderMark(mark: OrderMark): Promise<void>;

  /** Files of the manifest that this box has no sound copy of, each content once; damaged copies are dropped. */
  listMissing(manifest: Manifest): Promise<readonly BundleFile[]>;
  /** @throws AppError DISK_FULL when these files would leave too little room for the rest of the box */
  checkRoom(files: readonly BundleFile[]): Promise<void>;
  /** Where a missing file is to be put. */
  objectPath(file: Pick<BundleFile, 'sha256'>): string;
  /** Lays the bundle out, wholly or not at all. @throws AppError BUNDLE_DIGEST_MISMATCH */
  install(manifest: Manifest): Promise<InstalledBundle>;
  /** Does everything for a switch that can fail for want of room. */
  prepareSwitch(digest: string, deploymentId: string): Promise<void>;
  /** Makes the prepared bundle the active one: from here on a restart begins with it. */
  commitSwitch(): Promise<void>;
  /** Drops what neither the active nor the previous bundle needs. */
  removeUnused(): Promise<void>;
}
