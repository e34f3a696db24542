import type { Area } from '@watchpost/shared/config/settings.ts';
import type { CameraCondition } from '@watchpost/shared/messages/camera.ts';
import type { CameraConfig } from '../config/schema.ts';
import type { AgentErrorCode } from '../kernel/errors.ts';
import { type FramePlan, isSamePlan } from '../kernel/frame-plan.ts';

export { computeCoverBox, type FramePlan, isSamePlan } from '../kernel/frame-plan.ts';
export { isPatient, isRecording } from './sources/camera-kind.ts';

/** A decoded picture, already at the size of a model. The receiver owns `rgb`. */
export interface PlannedPicture {
  readonly plan: FramePlan;
  /** rgb24, width x height x 3, row by row. */
  readonly rgb: Uint8Array;
}

/** What is classified on its own: the same part of one decoded picture, once for every plan in use. */
export interface FrameView {
  /** Id of the region; absent for the view of the whole camera. */
  readonly region?: string;
  /** In the order of the plans in use: the champion's first. */
  readonly pictures: readonly PlannedPicture[];
}

/**
 * What moved since the pictures before. Light that changes everywhere, noise and single pixels are no motion, and what
 * lies under a mask or beside the regions does not count.
 */
export interface Motion {
  /** Share of the picture that differs from its background: 0 for the first picture of all. */
  readonly share01: number;
  /** Around everything that moves; absent when nothing does. */
  readonly around?: Area;
}

/**
 * `keyframes`: only the pictures that need no other to be decoded, one every second or two. Where a stream has pictures
 * that need later ones (B-frames), which few cameras send, keyframes come out one or two intervals late.
 */
export type DecodeTier = 'every' | 'keyframes';

/** A picture for people. */
export interface TimedPicture {
  readonly jpeg: Uint8Array;
  /** Monotonic milliseconds. */
  readonly capturedAtMs: number;
}

/** One moment of a camera. */
export interface Frame {
  readonly cameraId: string;
  /** Grows by one per captured frame of this camera, across reconnects. */
  readonly sequence: number;
  /** Monotonic milliseconds at which the last byte arrived. */
  readonly capturedAtMs: number;
  readonly motion: Motion;
  /** What there is to classify, of one decoded picture: a view for each region, else one. The same each time. */
  look(): Promise<readonly FrameView[]>;
  /** Position in the recording, for file sources; begins again with each pass of a `loop`. */
  readonly mediaMs?: number;
}

/** The picture this plan asked for; undefined while the plan is not in use. */
export function pictureFor(view: FrameView, plan: FramePlan): Uint8Array | undefined {
  return view.pictures.find((picture) => isSamePlan(picture.plan, plan))?.rgb;
}

/** Whether a camera can be seen right now. */
export interface CameraHealth {
  readonly condition: CameraCondition;
  /** Also beside `online`: CAMERA_MOVED while it looks elsewhere than it used to. */
  readonly code?: AgentErrorCode;
  readonly detail?: string;
  /**
   * Share of the last five minutes in which frames flowed: a frame stands for two seconds, or two of its intervals where
   * they are longer. Outages, stalls and each reconnect cost what they last.
   */
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
  /**
   * The same, waiting for the first one: it is made beside the first frame, and may come a little after it.
   * @returns undefined when `signal` is aborted, or no picture comes any more
   */
  waitForPicture(signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** The pictures of the last ten seconds, oldest first, two a second at most, as many as the ring has bytes for. */
  recentPictures(): readonly TimedPicture[];
  /**
   * Which pictures are decoded from now on. Make before break, as for plans: the running stream goes on until the other
   * one flows, which counts neither as a reconnect nor as a failure. Only RTSP streams have tiers; MJPEG, still sources,
   * devices and recordings give every picture in both, and so does a camera that lets one watch at a time.
   */
  useTier(tier: DecodeTier): void;
  health(): CameraHealth;
  counters(): CameraCounters;
  /** Called at each change of health. */
  onHealth(listener: (health: CameraHealth) => void): void;
  /**
   * Other tensor geometry: one plan or more, the champion's first; equal plans are one. A flowing stream goes on until
   * another one flows with the new plans, where the source can be opened twice, which counts neither as a reconnect
   * nor as a failure; a recording goes on where it is.
   * Resolves when every frame taken from now on has a picture for each plan: at once where nothing changes, and for a
   * camera that does not flow, whose next stream will. A later call overtakes this one. Never rejects; aborting
   * `signal` ends the wait, the plans hold all the same.
   */
  usePlans(plans: readonly FramePlan[], signal?: AbortSignal): Promise<void>;
}

/** Makes an inert camera; `plan` is missing while there is no model. */
export type OpenCamera = (config: CameraConfig, plan?: FramePlan) => Camera;
