/** `skipped`: could not be looked at, or makes no sense here; `found` says why. */
export type Verdict = 'ok' | 'warning' | 'problem' | 'skipped';

export const AREAS = [
  'settings',
  'storage',
  'identity',
  'network',
  'clock',
  'software',
  'cameras',
  'model',
  'machine',
  'service',
] as const;
export type Area = (typeof AREAS)[number];

/** One thing that was looked at, in words a technician uses. */
export interface Check {
  readonly area: Area;
  /** Id of the camera it is about. */
  readonly camera?: string;
  readonly name: string;
  readonly verdict: Verdict;
  /** What is so; several lines at most for settings. */
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
}

export interface Report {
  readonly checks: readonly Check[];
  /** The worst of all, where a check that was skipped counts as good. */
  readonly verdict: 'ok' | 'warning' | 'problem';
}

/** A part of the examination. It changes nothing on this box that stays, and disturbs no agent that runs. */
export interface Examination {
  readonly area: Area;
  readonly camera?: string;
  /** What people read while it runs. */
  readonly title: string;
  /** @param signal aborted when it takes too long; expected failures are checks, what is thrown is a bug */
  examine(signal: AbortSignal): Promise<readonly Check[]>;
}

/** How far a connection came, step by step; only the last step can have failed. */
export interface Connection {
  readonly steps: readonly ConnectionStep[];
  /** How far the clock of the other side is ahead of this box's, where it told its time. */
  readonly aheadMs?: number;
}

export interface ConnectionStep {
  readonly name: 'DNS' | 'TCP' | 'TLS' | 'HTTP';
  readonly outcome:
    | { readonly kind: 'ok'; readonly found: string }
    | { readonly kind: 'failed'; readonly code: string; readonly detail: string };
}

/** What one camera showed while it was watched. */
export type Sighting =
  | {
      readonly kind: 'failed';
      /** CAMERA_... of the agent's codes. */
      readonly code: string;
      readonly detail: string;
      readonly remedy: string;
    }
  | {
      readonly kind: 'seen';
      readonly firstPictureMs: number;
      /** Frames a second while it was watched. */
      readonly framesPerSec: number;
      readonly watchedMs: number;
      /** Whether any two pictures differed. */
      readonly isMoving: boolean;
      /** Of the luma of the last picture, 0-255. */
      readonly mean: number;
      readonly variance: number;
    };

/** What the stream of a camera says of itself. */
export interface StreamFormat {
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly framesPerSec?: number;
}
