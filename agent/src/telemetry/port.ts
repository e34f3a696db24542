import type { Hardware } from '@watchpost/shared/messages/birth.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';

/** A sample without what the uplink knows (outbox) and what makes it durable. */
export type Sample = Omit<Telemetry, 'outbox' | 'epoch' | 'seq' | 'firstSeq' | 'historical'>;

/**
 * Reads the state of this box; costs well under a millisecond of CPU, starts no process. Rates and loads are means since
 * the sample before, those of the first sample since the machine started.
 */
export interface TelemetrySource {
  /** @param nowMs unix milliseconds, for the sample's time stamp */
  sample(nowMs: number): Promise<Sample>;
}

/** One graphics card, as its driver reports it; what it cannot tell is absent. */
export interface GpuReading {
  readonly name: string;
  readonly load01?: number;
  readonly memoryUsedBytes?: number;
  readonly celsius?: number;
}

/** Watches the graphics cards of this box. */
export interface GpuSource {
  /** The newest reading of each card; empty when there is none, or the driver went silent. */
  latest(): readonly GpuReading[];
}

/** What the box is made of; asked once at start. */
export interface Inventory {
  /** Never fails: what cannot be found out has a plain substitute. */
  read(): Promise<Hardware>;
}
