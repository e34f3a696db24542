/** What one device measured while one model ran, over a window or the mean of a few. */
export interface DeviceWindow {
  readonly digest: string;
  readonly endedAtMs: number;
  /** Seconds told of. */
  readonly windowSec: number;
  /** Those that were the model's to classify: not those a box left out because nothing moved. */
  readonly framesDue: number;
  readonly framesClassified: number;
  /** Frames the model was given and did not answer. */
  readonly framesFailed: number;
  /** Mean of the windows that have it, as is `celsius`, that of the hottest sensor. */
  readonly inferP95Ms?: number;
  readonly celsius?: number;
  /** Share of the windows in which the box was slowed down. */
  readonly throttled01: number;
}

export interface DeviceWindowQuery {
  readonly deviceId: string;
  readonly sinceMs: number;
  /** Windows that end within the same multiple of it are put together. */
  readonly bucketMs: number;
}

/** Filled by the summaries of the report store. */
export interface DeviceWindowStore {
  /** Oldest first. */
  list(query: DeviceWindowQuery): Promise<readonly DeviceWindow[]>;
}
