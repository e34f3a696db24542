import type { CameraCondition } from '@watchpost/shared/messages/camera.ts';
import type { CameraConfig } from '../config/schema.ts';
import type { AgentErrorCode } from '../kernel/errors.ts';

/** How a source's pictures become tensors: `squash` ignores the aspect, `cover` cuts a centred crop. */
export interface FramePlan {
  readonly width: number;
  readonly height: number;
  readonly fit: 'squash' | 'cover';
  /** For `cover`: the shortest edge is scaled to this before the crop of width x height. */
  readonly shortestEdge?: number;
  readonly scaleFlags: 'bilinear' | 'bicubic' | 'area' | 'lanczos';
}

/** One decoded picture, already at the model's size. The receiver owns `rgb`. */
export interface Frame {
  readonly cameraId: string;
  /** Grows by one per captured frame of this camera, across reconnects. */
  readonly sequence: number;
  /** Monotonic milliseconds at which the last byte arrived. */
  readonly capturedAtMs: number;
  /** rgb24, width x height x 3, row by row. */
  readonly rgb: Uint8Array;
  /** Position in the recording, for file sources; begins again with each pass of a `loop`. */
  readonly mediaMs?: number;
}

/** Whether a camera can be seen right now. */
export interface CameraHealth {
  readonly condition: CameraCondition;
  readonly code?: AgentErrorCode;
  readonly detail?: string;
  /** Share of the last five minutes in which frames flowed. */
  readonly quality01: number;
}

export interface CameraCounters {
  readonly captured: number;
  /** Frames overwritten in the slot before anybody took them. */
  readonly skipped: number;
  readonly reconnects: number;
}

/**
 * One camera, supervised for ever: it reconnects by itself and never throws after `start`.
 * Frames land in a slot where the newest wins. A camera that was given no plan yet runs with a small one of its
 * own, so that health and pictures flow while the box has no model.
 */
export interface Camera {
  readonly id: string;
  /** Resolves once supervision runs, not when the camera answers. Aborting `signal` stops the camera. */
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  /**
   * Takes the newest frame out of the slot, waiting for one when it is empty.
   * @returns undefined when `signal` is aborted, the camera was stopped, or a source without `loop` has ended
   */
  nextFrame(signal: AbortSignal): Promise<Frame | undefined>;
  /** The latest picture as JPEG, for people. */
  latestPicture(): Uint8Array | undefined;
  health(): CameraHealth;
  counters(): CameraCounters;
  /** Called at each change of health. */
  onHealth(listener: (health: CameraHealth) => void): void;
  /**
   * Other tensor geometry, after a model change; the stream is reopened when it differs, which counts neither as
   * a reconnect nor as a failure; a recording begins again. Every frame taken after this call has the new geometry.
   */
  usePlan(plan: FramePlan): void;
}

/** Makes an inert camera; `plan` is missing while there is no model. */
export type OpenCamera = (config: CameraConfig, plan?: FramePlan) => Camera;
