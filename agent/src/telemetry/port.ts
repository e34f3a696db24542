import type { Hardware } from '@watchpost/shared/messages/birth.ts';
import type { DurableFields } from '@watchpost/shared/messages/durable.ts';
import type { Hint, InferenceWindow, Telemetry } from '@watchpost/shared/messages/telemetry.ts';

/** A sample without what the uplink knows (outbox), what windows tell, and what makes it durable. */
export type Sample = Omit<Telemetry, 'outbox' | 'inference' | 'hints' | 'slowed' | DurableFields>;

/**
 * Reads the state of this box; costs a millisecond or two of CPU, starts no process. Rates and loads are means since
 * the sample before, those of the first sample since the machine started.
 */
export interface TelemetrySource {
  /** @param nowMs unix milliseconds, for the sample's time stamp */
  sample(nowMs: number): Promise<Sample>;
}

/** A source that remembers what it read last. */
export interface RecentTelemetry extends TelemetrySource {
  /** Undefined before the first sample. */
  latest(): Sample | undefined;
}

/** What the model in work has done since the agent started. */
export interface InferenceReading {
  /** Of the bundle it came in; absent while there is none. */
  readonly digest?: string | undefined;
  readonly framesCaptured: number;
  /** Those that were the model's to classify: not those left out because nothing moved or the box was hot. */
  readonly framesDue?: number;
  readonly framesClassified: number;
  /** Frames the model was given and did not answer. */
  readonly framesFailed: number;
  /** p95 of its last frames; absent while they are too few. */
  readonly inferP95Ms?: number;
  /** Frames a second that all cameras are set to. */
  readonly fpsSet?: number;
}

/** Looks at each summary for what will fail if it goes on like this. */
export interface HintWatch {
  /** @returns what there is to tell now, the worst first */
  look(summary: Sample, inference: InferenceWindow | undefined, seen: HintLook): readonly Hint[];
  /** As at the last look. */
  current(): readonly Hint[];
}

/** Beside what a summary tells. */
export interface HintLook {
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly fpsSet: number | undefined;
}

/** One graphics card, as its driver reports it; what it cannot tell is absent. */
export interface GpuReading {
  readonly name: string;
  readonly load01?: number;
  readonly memoryUsedBytes?: number;
  /** For a card that is no thermal zone of the kernel. */
  readonly celsius?: number;
  readonly frequencyMhz?: number;
  readonly maxFrequencyMhz?: number;
}

/** Watches graphics cards of this box. */
export interface GpuSource {
  /** The newest reading of each card; empty when there is none, or the driver went silent. Never fails. */
  read(): Promise<readonly GpuReading[]>;
}

/** What the box is made of; asked once at start. */
export interface Inventory {
  /** Never fails: what cannot be found out has a plain substitute. */
  read(): Promise<Hardware>;
}
