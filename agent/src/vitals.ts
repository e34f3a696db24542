import type { Camera } from './capture/port.ts';
import type { ActiveModel } from './inference/port.ts';
import type { Clock } from './kernel/clock.ts';
import { computePercentiles } from './kernel/pace.ts';
import type { LookCounts } from './pipeline/port.ts';
import type { Vitals } from './update/port.ts';
import type { ProgressSource } from './watchdog/port.ts';

/** Frames a latency is judged by. */
const LATENCY_FRAMES = 200;
const MIN_LATENCY_FRAMES = 20;
/** From so many on, looks that were not answered count as waiting. */
const UNANSWERED_IN_ROW = 3;
const DELIVERING: readonly string[] = ['online', 'frozen', 'covered'];

export interface VitalsDeps {
  /** Those there are now. */
  readonly cameras: () => readonly Pick<Camera, 'id' | 'counters' | 'health'>[];
  readonly model: ActiveModel;
  /** The hottest sensor, where one can be read. */
  readonly celsius: () => number | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Counts what the box does: for the watchdog, and for whoever judges a new model. */
export interface VitalsRecorder extends ProgressSource, LookCounts {
  /** No sighting is open on any camera. */
  isQuiet(): boolean;
  /** An inference process ended by itself, and is being started again. */
  onRestart(): void;
  read(): Vitals;
}

export function createVitalsRecorder({ cameras, model, celsius, clock }: VitalsDeps): VitalsRecorder {
  const countCaptured = createCaptureCount();
  const counts = { framesDue: 0, framesClassified: 0, framesFailed: 0, events: 0, childRestarts: 0 };
  let openSightings = 0;
  let leftOut = 0;
  let waitingSinceMs: number | undefined;
  let unansweredInRow = 0;
  let recoveringSinceMs: number | undefined;
  let measured = model.current();
  let inferMs: number[] = [];

  model.onClassified((_pictures, { model: by, prediction }) => {
    counts.framesClassified += 1;
    recoveringSinceMs = undefined;
    waitingSinceMs = undefined;
    unansweredInRow = 0;
    // Another model, other latencies.
    if (by !== measured) inferMs = [];
    measured = by;
    inferMs.push(prediction.inferMs);
    if (inferMs.length > LATENCY_FRAMES) inferMs.shift();
  });

  const read = (): Vitals => {
    const present = cameras();
    const hottest = celsius();
    return {
      ...counts,
      framesCaptured: countCaptured(present),
      camerasOnline: present.filter((camera) => camera.health().condition === 'online').length,
      ...(inferMs.length >= MIN_LATENCY_FRAMES && { inferP95Ms: computePercentiles(inferMs).p95 }),
      ...(hottest !== undefined && { celsius: hottest }),
    };
  };

  /** A single one is an accident, and the next look of a quiet scene may be far: nobody waits until then. */
  const onUnanswered = (): void => {
    unansweredInRow += 1;
    if (unansweredInRow < UNANSWERED_IN_ROW) waitingSinceMs = undefined;
  };

  return {
    onDue: () => {
      counts.framesDue += 1;
      waitingSinceMs ??= clock.monotonicMs();
    },
    onLeftOut: () => {
      leftOut += 1;
    },
    onUnseen: onUnanswered,
    onFrameFailed: () => {
      onUnanswered();
      counts.framesFailed += 1;
    },
    onSighting: () => {
      counts.events += 1;
      openSightings += 1;
    },
    onSightingEnd: () => {
      openSightings -= 1;
    },
    isQuiet: () => openSightings === 0,
    onRestart: () => {
      counts.childRestarts += 1;
      recoveringSinceMs ??= clock.monotonicMs();
    },
    read,
    look: () => ({
      cameras: cameras().map((camera) => ({
        isDelivering: DELIVERING.includes(camera.health().condition),
        captured: camera.counters().captured,
      })),
      model: nameOf(model),
      classified: counts.framesClassified,
      leftOut,
      ...(waitingSinceMs !== undefined && { waitingSinceMs }),
      ...(recoveringSinceMs !== undefined && { recoveringSinceMs }),
    }),
  };
}

function nameOf(model: ActiveModel): string | undefined {
  const manifest = model.current()?.manifest;
  return manifest && `${manifest.model} ${manifest.version}`;
}

/** Grows on when a camera is taken away, or another takes its id. */
function createCaptureCount(): (cameras: readonly Pick<Camera, 'id' | 'counters'>[]) => number {
  let total = 0;
  let before = new Map<string, number>();
  return (cameras) => {
    const now = new Map(cameras.map((camera) => [camera.id, camera.counters().captured]));
    for (const [id, captured] of now) {
      const known = before.get(id) ?? 0;
      total += captured >= known ? captured - known : captured;
    }
    before = now;
    return total;
  };
}
