import type { CameraConfig } from '@watchpost/shared/config/settings.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { Attendant, Governor } from '../attention/port.ts';
import type { Decider, OnDecision } from '../decision/port.ts';
import type { ActiveModel, RunningModel } from '../inference/port.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Uplink } from '../uplink/port.ts';

/** Told what becomes of looks, for whoever judges the model and the box. A frame is a look for each of its views. */
export interface LookCounts {
  /** The model is to classify it. */
  onDue(): void;
  /** A model was given it and did not answer. */
  onFrameFailed(): void;
  /** There was no picture for the model in it. */
  onUnseen(): void;
  /** A frame was left out on purpose. */
  onLeftOut(): void;
  /** A sighting was opened. */
  onSighting(): void;
  /** A sighting that was open has ended. */
  onSightingEnd(): void;
}

/** How often a camera is looked at. */
export interface LookPace {
  /** Between two frames. */
  readonly intervalMs: number;
  /** Between two looks while nothing moves. */
  readonly lookMs: number;
}

export interface Attention {
  readonly createAttendant: (config: CameraConfig) => Attendant;
  readonly governor: Governor;
}

export interface Decisions {
  readonly createDecider: (model: RunningModel, pace: LookPace) => Decider;
  readonly newId: () => string;
  /** Whoever keeps what belongs to a sighting. */
  readonly onDecision?: OnDecision;
}

export interface PipelineDeps {
  readonly model: ActiveModel;
  readonly uplink: Uplink;
  readonly attention: Attention;
  readonly decisions: Decisions;
  readonly counts: LookCounts;
  readonly clock: Clock;
  readonly log: Logger;
}
