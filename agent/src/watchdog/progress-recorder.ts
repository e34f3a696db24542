import type { Camera } from '../capture/port.ts';
import type { ActiveModel } from '../inference/port.ts';
import type { Clock } from '../kernel/clock.ts';
import type { ProgressSource } from './port.ts';

export interface ProgressRecorderDeps {
  /** Those there are now. */
  readonly cameras: () => readonly Camera[];
  readonly model: ActiveModel;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

export interface ProgressRecorder extends ProgressSource {
  /** The inference process is being started again; it is back when a frame is through. */
  readonly onRestart: () => void;
}

const DELIVERING: readonly string[] = ['online', 'frozen', 'covered'];

/** Keeps count of what the frame path does, for the watchdog. */
export function createProgressRecorder({ cameras, model, clock }: ProgressRecorderDeps): ProgressRecorder {
  let classified = 0;
  let recoveringSinceMs: number | undefined;
  model.onClassified(() => {
    classified += 1;
    recoveringSinceMs = undefined;
  });
  return {
    onRestart: () => {
      recoveringSinceMs ??= clock.monotonicMs();
    },
    look: () => ({
      cameras: cameras().map((camera) => ({
        isDelivering: DELIVERING.includes(camera.health().condition),
        captured: camera.counters().captured,
      })),
      model: nameOf(model),
      classified,
      ...(recoveringSinceMs !== undefined && { recoveringSinceMs }),
    }),
  };
}

function nameOf(model: ActiveModel): string | undefined {
  const manifest = model.current()?.manifest;
  return manifest && `${manifest.model} ${manifest.version}`;
}
