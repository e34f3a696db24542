/** A bundle that failed on this box, and how: it is not tried again unless an order says so. */
export interface QuarantineEntry {
  readonly digest: string;
  /** Error code. */
  readonly code: string;
  readonly detail: string;
  readonly deploymentId: string;
  /** Wall clock. */
  readonly atMs: number;
}
export type Quarantine = readonly QuarantineEntry[];

/** More than a box ever tries; the oldest are forgotten first. */
export const MAX_QUARANTINED = 100;

/** What tells of the disk, the network or the order, not of the model. */
const BLAMELESS = [
  'DISK_FULL',
  'STORE_FAILED',
  'BUNDLE_DIGEST_MISMATCH',
  'BUNDLE_FILE_MISSING',
  'SERVER_UNREACHABLE',
  'DOWNLOAD_FAILED',
];

export function isModelsFault(code: string): boolean {
  return !BLAMELESS.includes(code);
}

/** The newest failure of a digest replaces the one before. */
export function addToQuarantine(quarantine: Quarantine, entry: QuarantineEntry): Quarantine {
  return [...liftFromQuarantine(quarantine, entry.digest), entry].slice(-MAX_QUARANTINED);
}

export function liftFromQuarantine(quarantine: Quarantine, digest: string): Quarantine {
  return quarantine.filter((entry) => entry.digest !== digest);
}

export function findInQuarantine(quarantine: Quarantine, digest: string): QuarantineEntry | undefined {
  return quarantine.find((entry) => entry.digest === digest);
}
