export interface RemovalFacts {
  /** Oldest first. */
  readonly kept: readonly { readonly event: string; readonly atMs: number; readonly sizeBytes: number }[];
  /** What is about to be written; 0 for none. */
  readonly incomingBytes: number;
  /** The sighting it belongs to, which makes no room for itself. */
  readonly incomingEvent?: string;
  /** What the disk has too little, for what comes in or for what needs the room more; 0 for nothing. */
  readonly shortBytes: number;
  readonly nowMs: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

export interface RemovalPlan {
  readonly remove: readonly string[];
  /** False when what comes in does not fit even so. */
  readonly hasRoom: boolean;
}

/**
 * What goes before something is written: all that is too old, then the oldest until it fits under the cap and on the
 * disk. For what does not fit beside its own sighting, and for what all of them cannot make up for, nothing goes.
 */
export function planRemoval(facts: RemovalFacts): RemovalPlan {
  const { kept, incomingBytes, incomingEvent, shortBytes, nowMs, maxBytes, maxAgeMs } = facts;
  const ownBytes = sumBytes(kept.filter(({ event }) => event === incomingEvent));
  const hasRoom = ownBytes + incomingBytes <= maxBytes;
  const remove: string[] = [];
  let heldBytes = sumBytes(kept) + (hasRoom ? incomingBytes : 0);
  let wantedBytes = hasRoom && shortBytes <= sumBytes(kept) - ownBytes ? shortBytes : 0;
  for (const { event, atMs, sizeBytes } of kept) {
    if (event === incomingEvent) continue;
    if (nowMs - atMs <= maxAgeMs && heldBytes <= maxBytes && wantedBytes <= 0) continue;
    remove.push(event);
    heldBytes -= sizeBytes;
    wantedBytes -= sizeBytes;
  }
  return { remove, hasRoom };
}

const MB = 1024 * 1024;

/** What pictures leave of a disk for the outbox and the models, so that these seldom have to ask for it: a tenth. */
export function computeKeptFree(totalBytes: number): number {
  return Math.min(Math.max(Math.floor(totalBytes / 10), 64 * MB), 256 * MB);
}

const sumBytes = (sightings: RemovalFacts['kept']): number =>
  sightings.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
