/** Tells the service manager how this program fares. No method fails or waits for an answer: it may not be there. */
export interface ServiceNotifier {
  /** How long after the last `alive` the manager restarts this program; undefined when it does not watch. */
  readonly watchdogMs: number | undefined;
  /** The start is over, everything runs. */
  ready(): void;
  stopping(): void;
  /** One line for people, shown by `systemctl status`. */
  status(text: string): void;
  /** Real work was done since the last time. */
  alive(): void;
}

/** What the frame path did so far. Counters only grow. */
export interface ProgressSample {
  readonly cameras: readonly CameraProgress[];
  /** `name version` of the model that classifies. */
  readonly model: string | undefined;
  /** Frames classified since the start, of all cameras. */
  readonly classified: number;
  /** Frames left out on purpose since the start, because nothing moved or the box was hot. */
  readonly leftOut?: number;
  /** Since when a frame waits to be classified and none was; monotonic milliseconds. */
  readonly waitingSinceMs?: number;
  /** Since when the inference process is being started again; monotonic milliseconds. */
  readonly recoveringSinceMs?: number;
}

export interface CameraProgress {
  /** Frames flow from it, whatever they show. */
  readonly isDelivering: boolean;
  readonly captured: number;
}

export interface ProgressSource {
  look(): ProgressSample;
}

/**
 * `cautious`: the last starts all ended early, so this one leaves out what may be the reason: an open trial of a
 * model is rolled back, the fleet's settings give way to the last good ones, and what is optional stays off.
 */
export type BootVerdict = 'normal' | 'cautious';

/** Counts the starts of this program that did not live long. */
export interface BootGuard {
  readonly verdict: BootVerdict;
  /** Starts in a row before this one that ended early. */
  readonly shortLives: number;
  /** This start counts as good: it worked for a while, or was stopped in order. Never rejects. */
  settle(): Promise<void>;
}
