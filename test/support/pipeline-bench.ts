import { randomUUID } from 'node:crypto';
import { setImmediate as settle } from 'node:timers/promises';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { CameraState, CameraStats, CameraStatus } from '@watchpost/shared/messages/camera.ts';
import type { EventBody } from '@watchpost/shared/messages/event.ts';
import { createAttendant } from '../../agent/src/attention/attendant.ts';
import type { Governor, Slowdown } from '../../agent/src/attention/port.ts';
import { whoseTurn } from '../../agent/src/attention/turn.ts';
import { IDLE_PLAN } from '../../agent/src/capture/frames/frame-plan.ts';
import type { CameraHealth, Frame, Motion } from '../../agent/src/capture/port.ts';
import type { CameraConfig } from '../../agent/src/config/schema.ts';
import { createModelDecider } from '../../agent/src/decision/model-decider.ts';
import type { ToldDecision } from '../../agent/src/decision/port.ts';
import { createActiveModel } from '../../agent/src/inference/active-model.ts';
import type { ActiveModel, Prediction, RunningModel } from '../../agent/src/inference/port.ts';
import { createPipeline, type Pipeline } from '../../agent/src/pipeline/pipeline.ts';
import { createVitalsRecorder, type VitalsRecorder } from '../../agent/src/vitals.ts';
import { cameraConfig } from './camera-session.ts';
import { FakeCamera } from './fake-camera.ts';
import { tinyBundle } from './tiny-bundle.ts';

/** What the grey of a picture shows. */
export const CAT = 1;
export const DOG = 2;
export const NOTHING = 3;
const LABELS = ['cat', 'dog', 'none'];
const STILL: Motion = { share01: 0 };
const MOVING: Motion = { share01: 0.2 };

const DECISION: Manifest['decision'] = {
  ...{ window: 4, enter: 0.6, exit: 0.3, minVotes: 3, minDwellSec: 1, cooldownSec: 2, rejectBelow: 0.5 },
  background: ['none'],
};

/** The parts of a scene, by the id of their region; `''` is the whole picture. */
export type Scene = Readonly<Record<string, number>>;

/** A camera in the time of a test, whose regions show what the test says. */
export class SceneCamera extends FakeCamera {
  readonly #nowMs: () => number;
  readonly #scenes: Scene[] = [];
  isFrozen = false;

  constructor(id: string, nowMs: () => number) {
    super(id, IDLE_PLAN);
    this.#nowMs = nowMs;
  }

  override health(): CameraHealth {
    return this.isFrozen ? { condition: 'frozen', quality01: 1 } : super.health();
  }

  show(scene: Scene, motion: Motion): void {
    this.#scenes.push(scene);
    this.emit(0, motion);
  }

  override async nextFrame(signal: AbortSignal): Promise<Frame | undefined> {
    const frame = await super.nextFrame(signal);
    if (frame === undefined) return undefined;
    const scene = this.#scenes[frame.sequence - 1] ?? {};
    const [view] = await frame.look();
    const look: Frame['look'] = async () =>
      Object.entries(scene).map(([region, grey]) => ({
        ...(region !== '' && { region }),
        pictures: (view?.pictures ?? []).map(({ plan, rgb }) => ({ plan, rgb: rgb.map(() => grey) })),
      }));
    return { ...frame, capturedAtMs: this.#nowMs(), look };
  }
}

/** A model that knows what a grey shows. @param beforeAnswer what a look waits for */
export function makeModel(digest: string, beforeAnswer?: () => Promise<void>): RunningModel {
  const { manifest } = tinyBundle({
    decision: DECISION,
    output: { name: 'output', activation: 'probabilities', labels: LABELS, temperature: 1 },
  });
  const classify = async (rgb: Uint8Array): Promise<Prediction> => {
    const labelIndex = (rgb[0] ?? NOTHING) - 1;
    await beforeAnswer?.();
    const probabilities = LABELS.map((_, index) => (index === labelIndex ? 0.9 : 0.05));
    return { label: LABELS[labelIndex] ?? '', labelIndex, probability: 0.9, probabilities, inferMs: 5 };
  };
  const classifier = { executionProviders: ['test'], classify, release: async () => undefined };
  return { digest, manifest, variant: 'fp32', threads: 1, plan: IDLE_PLAN, classifier };
}

export interface PipelineBench {
  readonly pipeline: Pipeline;
  readonly model: ActiveModel;
  readonly vitals: VitalsRecorder;
  readonly decisions: readonly ToldDecision[];
  /** Slows the box down, or not. */
  slow(slowdown: Slowdown | undefined): void;
  nowSec(): number;
  /** Lets time go by in which nothing comes. */
  pass(sec: number): void;
  watch(source?: Partial<CameraConfig>): WatchedCamera;
  stop(): Promise<void>;
}

export interface WatchedCamera {
  readonly camera: SceneCamera;
  /** Shows a scene for some seconds, at the pace of the camera; `moves` is in it from the start or not at all. */
  show(scene: Scene | number, sec: number, moves?: boolean): Promise<void>;
  /** The camera ends; resolves when all that it showed was told. */
  end(): Promise<void>;
  events(): readonly (EventBody & { readonly atSec: number })[];
  states(): readonly CameraState[];
  stats(): readonly CameraStats[];
  statuses(): readonly CameraStatus[];
}

export async function openPipelineBench(first = makeModel('1'.repeat(64))): Promise<PipelineBench> {
  let nowMs = 1_000_000;
  const clock = { wallMs: () => Math.round(nowMs) + 5_000_000, monotonicMs: () => nowMs };
  const told: { readonly kind: string; readonly body: object; readonly camera: string; atMs: number }[] = [];
  const take = (kind: string, body: object, camera = ''): void =>
    void told.push({ kind, body, camera, atMs: nowMs });
  const model = createActiveModel();
  await model.replace(first);
  const cameras: FakeCamera[] = [];
  const vitals = createVitalsRecorder({ cameras: () => cameras, model, celsius: () => undefined, clock });
  let slowdown: Slowdown | undefined;
  let onChange: () => void = () => undefined;
  const governor: Governor = {
    current: () => slowdown,
    orders: (camera, others) => {
      const level = slowdown?.level ?? 'full';
      return { level, isTurn: level !== 'one_camera' || whoseTurn(others(), nowMs) === camera };
    },
    onChange: (listener) => {
      onChange = listener;
    },
  };
  const decisions: ToldDecision[] = [];
  const pipeline = createPipeline({
    model,
    uplink: {
      record: take,
      publish: take,
      isConnected: () => true,
      report: () => ({ rows: 0, bytes: 0, oldestSec: 0, dropped: 0 }),
    },
    attention: { createAttendant, governor },
    decisions: {
      createDecider: createModelDecider,
      newId: randomUUID,
      onDecision: (decision) => decisions.push(decision),
    },
    counts: vitals,
    clock,
    log: silentLogger,
  });
  await pipeline.start(new AbortController().signal);
  const watch: PipelineBench['watch'] = (source = {}) => {
    const config = cameraConfig({ url: 'rtsp://camera.test/', fps: 5, ...source });
    const camera = new SceneCamera(config.id, () => nowMs);
    cameras.push(camera);
    const watched = pipeline.watch(camera, config);
    const of = <T>(kind: string): readonly T[] =>
      told.filter((it) => it.kind === kind && it.camera === config.id).map(({ body }) => body as T);
    return {
      camera,
      show: async (scene, sec, moves = false) => {
        const stepMs = 1000 / config.fps;
        for (const endMs = nowMs + sec * 1000; nowMs < endMs - 1e-6; ) {
          nowMs += stepMs;
          camera.show(typeof scene === 'number' ? { '': scene } : scene, moves ? MOVING : STILL);
          await settle();
        }
      },
      end: async () => {
        camera.end();
        await watched;
      },
      events: () =>
        told
          .filter((it) => it.kind === 'cameraEvent' && it.camera === config.id)
          .map(({ body, atMs }) => ({ ...(body as EventBody), atSec: (atMs - 1_000_000) / 1000 })),
      states: () => of('cameraState'),
      stats: () => of('cameraStats'),
      statuses: () => of('cameraStatus'),
    };
  };
  return {
    ...{ pipeline, model, vitals, decisions, watch },
    slow: (wanted) => {
      slowdown = wanted;
      onChange();
    },
    nowSec: () => (nowMs - 1_000_000) / 1000,
    pass: (sec) => {
      nowMs += sec * 1000;
    },
    stop: () => pipeline.stop(),
  };
}
