import type {
  AliasChange,
  Certification,
  ModelTransition,
  ValidationView,
} from '@watchpost/shared/api/models.ts';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type { ModelVersionState } from '@watchpost/shared/lifecycle/model-version.ts';

export interface BundleRecord {
  readonly digest: string;
  readonly manifest: Manifest;
  readonly state: ModelVersionState;
  readonly createdAtMs: number;
  /** The user who pushed it: its author. */
  readonly pushedBy?: string;
  readonly releasedAtMs?: number;
}

export interface BundleStore {
  /**
   * Adding the same digest again is no error.
   * @throws AppError VERSION_TAKEN when this version of the model has another digest
   */
  add(bundle: BundleRecord): Promise<void>;
  find(digest: string): Promise<BundleRecord | undefined>;
  findVersion(model: string, version: string): Promise<BundleRecord | undefined>;
  list(): Promise<readonly BundleRecord[]>;
}

/** The life of model versions: who did what, when and why. Lists are oldest first. */
export interface ModelStore {
  /**
   * Changes the state of a version and writes the change down, in one transaction.
   * @returns false when the version has another state than `from` by now
   */
  move(digest: string, transition: ModelTransition): Promise<boolean>;
  /** Writes a decision or a validation down, and moves the version when it leads somewhere, as `move` does. */
  settle(
    digest: string,
    fact: Certification | ValidationView,
    transition: ModelTransition | undefined,
  ): Promise<boolean>;
  transitions(digest: string): Promise<readonly ModelTransition[]>;
  certifications(digest: string): Promise<readonly Certification[]>;
  latestValidation(digest: string): Promise<ValidationView | undefined>;
  addAliasChange(model: string, change: AliasChange): Promise<void>;
  aliasChanges(): Promise<readonly { readonly model: string; readonly change: AliasChange }[]>;
}
