import type { Hardware } from '@watchpost/shared/messages/birth.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';

/** A sample without what the uplink knows (outbox) and what makes it durable. */
export type Sample = Omit<Telemetry, 'outbox' | 'epoch' | 'seq' | 'firstSeq' | 'historical'>;

/** Reads the state of this box; costs well under a millisecond, starts no process. */
export interface TelemetrySource {
  sample(nowMs: number): Promise<Sample>;
}

/** What the box is made of; asked once at start. */
export interface Inventory {
  read(): Promise<Hardware>;
}
