import type {
  CertificationDecision,
  DeviceAsOf,
  ModelAlias,
  ModelVersionDetail,
  ModelVersionView,
  ModelView,
} from '@watchpost/shared/api/models.ts';
import type { BundleView } from '@watchpost/shared/api/registry.ts';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type { ValidationReport } from '@watchpost/shared/bundle/validation-report.ts';

export type { BundleView };

/** The bundles boxes may be told to run. */
export interface BundleRegistry {
  /**
   * Takes a bundle whose files are all in the blob store. The same content again is no error, and keeps the author
   * it came with first. What is new is validated at once, without being waited for.
   * @throws AppError BUNDLE_INCOMPLETE | VERSION_TAKEN | STORE_FAILED
   */
  push(manifest: Manifest, author: string): Promise<BundleView>;
  list(): Promise<readonly BundleView[]>;
  /** Canonical JSON, whose SHA-256 is the digest. */
  readManifest(digest: string): Promise<string | undefined>;
}

/**
 * Runs a bundle whose files are in the blob store, away from the server, as a box would.
 * @throws AppError VALIDATOR_FAILED when there is no answer
 */
export type ModelValidator = (manifest: Manifest, signal: AbortSignal) => Promise<ValidationReport>;

/** One version of a model, by its names. */
export interface VersionName {
  readonly model: string;
  readonly version: string;
}

/** What a person may do to a version beside certifying it. */
export type ModelStep = 'released' | 'withdrawn' | 'archived';

/** The life of model versions. `by` is the name of a user. All throw AppError NOT_FOUND for what is not there. */
export interface ModelVersions {
  /** Newest first; `search` is looked for in names, labels, lineage and metrics. */
  list(search?: string): Promise<readonly ModelVersionView[]>;
  showModel(model: string): Promise<ModelView>;
  show(name: VersionName): Promise<ModelVersionDetail>;
  /** Looks at a version again, and resolves when that is done. */
  validate(name: VersionName): Promise<ModelVersionDetail>;
  /** @throws AppError CERTIFIER_IS_AUTHOR | VERSION_STATE */
  certify(
    name: VersionName,
    decision: CertificationDecision,
    text: { report: string; by: string },
  ): Promise<ModelVersionDetail>;
  /** @throws AppError VERSION_STATE */
  move(name: VersionName, to: ModelStep, text: { reason: string; by: string }): Promise<ModelVersionDetail>;
  /** Points an alias at a version, or at none. @throws AppError VERSION_WITHDRAWN */
  setAlias(
    model: string,
    alias: ModelAlias,
    to: { version: string | undefined; by: string },
  ): Promise<ModelView>;
  /** What ran on a device at a time, and who answers for it. */
  asOf(deviceId: string, atMs: number): Promise<DeviceAsOf>;
}
