import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type { BundleSignature } from '@watchpost/shared/trust/signature.ts';

/** Where bundles come from. */
export interface ArtifactSource {
  /** Canonical manifest bytes, by digest. @throws AppError BUNDLE_FILE_MISSING | SERVER_UNREACHABLE | DOWNLOAD_FAILED */
  fetchManifest(digest: string, signal: AbortSignal): Promise<Uint8Array>;
  fetchSignatures(digest: string, signal: AbortSignal): Promise<readonly BundleSignature[]>;
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

/** Who decides that a manifest may run here: pinned keys today, the TUF chain behind the same port. */
export interface BundleTrust {
  /** @throws AppError SIGNATURE_INVALID */
  verify(manifest: Manifest, signatures: readonly BundleSignature[]): void;
}

/** A bundle laid out on this box, every file checked. */
export interface InstalledBundle {
  readonly digest: string;
  readonly folder: string;
  readonly manifest: Manifest;
}
