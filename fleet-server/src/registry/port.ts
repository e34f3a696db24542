import type { BundleView } from '@watchpost/shared/api/registry.ts';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type { BundleSignature } from '@watchpost/shared/trust/signature.ts';

export type { BundleView };

/** A bundle as the server hands it out. */
export interface PublishedBundle {
  /** Canonical JSON, whose SHA-256 is the bundle's digest. */
  readonly manifestJson: string;
  readonly signatures: readonly BundleSignature[];
}

/** The bundles boxes may be told to run. */
export interface BundleRegistry {
  /**
   * Takes a bundle whose files are all in the blob store. The same content again is no error, and keeps the
   * signatures it came with first.
   * @throws AppError BUNDLE_INCOMPLETE | VERSION_TAKEN | STORE_FAILED
   */
  push(manifest: Manifest, signatures: readonly BundleSignature[]): Promise<BundleView>;
  list(): Promise<readonly BundleView[]>;
  find(digest: string): Promise<PublishedBundle | undefined>;
}
