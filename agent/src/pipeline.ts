import type { Component } from '@watchpost/shared/kernel/component.ts';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { EventBody } from '@watchpost/shared/messages/event.ts';
import type { CameraWatcher } from './camera-set.ts';
import type { Camera, Frame } from './capture/port.ts';
import type { Decider, Decision, OnDecision } from './decision/port.ts';
import type { ActiveModel, Classification, RunningModel } from './inference/port.ts';
import type { Clock } from './kernel/clock.ts';
import { createPaceMeter, type PaceMeter } from './kernel/pace.ts';
import type { Uplink } from './uplink/port.ts';
import type { VitalsRecorder } from './vitals.ts';

export interface PipelineDeps {
  readonly model: ActiveModel;
  readonly uplink: Uplink;
  readonly createDecider: (model: RunningModel) => Decider;
  readonly newId: () => string;
  /** Told what became of frames, for whoever judges the model. */
  readonly counts: Pick<VitalsRecorder, 'onFrameFailed' | 'onSighting' | 'onSightingEnd'>;
  /** Whoever keeps what belongs to a sighting. */
  readonly onDecision?: OnDecision;
  readonly clock: Clock;
  readonly log: Logger;
}

const STATS_INTERVAL_MS = 5_000;

export type Pipeline = Component & CameraWatcher;

/** The frame path: every camera, for itself, capture -> inference -> decision -> uplink. */
export function createPipeline(deps: PipelineDeps): Pipeline {
  const stopping = new AbortController();
  const loops = new Set<Promise<void>>();
  return {
    name: 'pipeline',
    start: async () => undefined,
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
    watch: async (camera) => {
      const loop = watchCamera(camera, deps, stopping.signal);
      loops.add(loop);
      await loop.finally(() => loops.delete(loop));
    },
    retire: (id) =>
      deps.uplink.publish(
        'cameraStatus',
        { tsMs: deps.clock.wallMs(), condition: 'disabled', quality01: 0 },
        id,
      ),
  };
}

/** What is known about one camera between two frames. */
interface Watch {
  readonly camera: Camera;
  readonly pace: PaceMeter;
  decider: Decider | undefined;
  decidedBy: RunningModel | undefined;
  /** Id of the sighting that is open; events of one sighting share it. */
  sightingId: string;
  /** Wall clock of the last change of label. */
  stateSinceMs: number;
  /** What was last said of the camera's health. */
  saidHealth: string;
}

async function watchCamera(camera: Camera, deps: PipelineDeps, signal: AbortSignal): Promise<void> {
  const watch: Watch = {
    camera,
    pace: createPaceMeter(deps.clock.monotonicMs()),
    decider: undefined,
    decidedBy: undefined,
    sightingId: '',
    stateSinceMs: 0,
    saidHealth: '',
  };
  const report = (): void => {
    reportHealth(watch, deps);
    reportPace(watch, deps);
  };
  camera.onHealth(() => reportHealth(watch, deps));
  reportHealth(watch, deps);
  const reporting = setInterval(report, STATS_INTERVAL_MS);
  try {
    for (
      let frame = await camera.nextFrame(signal);
      frame !== undefined;
      frame = await camera.nextFrame(signal)
    ) {
      await processFrame(frame, watch, deps);
    }
    closeSightings(watch, deps);
  } finally {
    clearInterval(reporting);
    report();
  }
}

async function processFrame(frame: Frame, watch: Watch, deps: PipelineDeps): Promise<void> {
  const [view] = await frame.look();
  const classified = await deps.model.classify(view?.pictures ?? []).catch((error: unknown) => {
    deps.counts.onFrameFailed();
    deps.log.warn({ camera: frame.cameraId, error: describeError(error) }, 'frame lost');
    return undefined;
  });
  if (classified === undefined) return;
  watch.pace.add(classified.prediction.inferMs, deps.clock.monotonicMs() - frame.capturedAtMs);
  const decisions = deciderFor(classified, watch, deps).step({
    atMs: frame.capturedAtMs,
    probabilities: classified.prediction.probabilities,
  });
  for (const decision of decisions) publishDecision(decision, watch, deps, frame);
}

/** A new model starts with no memory of the old one's votes; what the old one saw is closed in its name. */
function deciderFor({ model }: Classification, watch: Watch, deps: PipelineDeps): Decider {
  if (watch.decider !== undefined && watch.decidedBy === model) return watch.decider;
  closeSightings(watch, deps);
  watch.decider = deps.createDecider(model);
  watch.decidedBy = model;
  return watch.decider;
}

function closeSightings(watch: Watch, deps: PipelineDeps): void {
  for (const decision of watch.decider?.endAll() ?? []) publishDecision(decision, watch, deps);
}

function publishDecision(decision: Decision, watch: Watch, deps: PipelineDeps, frame?: Frame): void {
  const mediaMs = frame?.mediaMs;
  const model = watch.decidedBy;
  if (model === undefined) return;
  const { manifest, digest } = model;
  if (decision.type === 'new') {
    watch.sightingId = deps.newId();
    deps.counts.onSighting();
  }
  if (decision.type === 'end') deps.counts.onSightingEnd();
  const tsMs = deps.clock.wallMs();
  const event: EventBody = {
    id: watch.sightingId,
    ...decision,
    tsMs,
    ...(mediaMs === undefined ? {} : { mediaMs }),
    thresholds: { enter: manifest.decision.enter, exit: manifest.decision.exit },
    bundleDigest: digest,
  };
  deps.uplink.record('cameraEvent', event, watch.camera.id);
  deps.onDecision?.({
    cameraId: watch.camera.id,
    eventId: event.id,
    type: decision.type,
    label: decision.label,
    frameAtMs: frame?.capturedAtMs ?? deps.clock.monotonicMs(),
    tsMs,
  });
  deps.log.info(
    { camera: watch.camera.id, id: event.id, type: event.type, label: event.label, tsMs },
    'event',
  );
  if (decision.type !== 'update') watch.stateSinceMs = tsMs;
  const label = decision.type === 'end' ? {} : { label: decision.label };
  deps.uplink.publish(
    'cameraState',
    {
      tsMs,
      ...label,
      sinceMs: watch.stateSinceMs,
      score: decision.score,
      model: `${manifest.model}@${manifest.version}`,
      digest,
    },
    watch.camera.id,
  );
}

/** Said anew only when it changed by what a person would see: the quality in percent. */
function reportHealth(watch: Watch, deps: PipelineDeps): void {
  const health = watch.camera.health();
  const said = { ...health, quality01: Math.round(health.quality01 * 100) / 100 };
  const key = JSON.stringify(said);
  if (key === watch.saidHealth) return;
  watch.saidHealth = key;
  deps.uplink.publish('cameraStatus', { tsMs: deps.clock.wallMs(), ...said }, watch.camera.id);
}

function reportPace(watch: Watch, deps: PipelineDeps): void {
  const pace = watch.pace.report(deps.clock.monotonicMs(), watch.camera.counters());
  if (pace === undefined) return;
  deps.uplink.publish('cameraStats', { tsMs: deps.clock.wallMs(), ...pace }, watch.camera.id);
}
