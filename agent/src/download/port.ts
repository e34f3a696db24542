import { AppError } from '@watchpost/shared/kernel/errors.ts';

/** Ends the name of a file that is still being downloaded. */
export const PART_SUFFIX = '.part';

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
