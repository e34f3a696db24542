import type {
  Manifest,
  ModelInput,
  ModelOutput,
  Preprocess,
  Variant,
} from '@watchpost/shared/bundle/manifest.ts';
import type { ModelGraph } from '@watchpost/shared/bundle/model-graph.ts';
import type {
  ModelChoice,
  SelfTestFindings,
  ShadowFindings,
} from '@watchpost/shared/messages/deployment-findings.ts';
import type { FramePlan } from '../capture/port.ts';

/** What a runtime needs to load one variant of a model. */
export interface ModelSpec {
  /** Absolute path of the variant's file. */
  readonly path: string;
  readonly runtime: Variant['runtime'];
  readonly input: ModelInput;
  readonly preprocess: Preprocess;
  readonly output: ModelOutput;
  readonly threads: number;
  readonly spinning: boolean;
}

/** One frame, one model. `probabilities` follow the order of the labels and sum to 1. */
export interface Prediction {
  readonly label: string;
  readonly labelIndex: number;
  readonly probability: number;
  readonly probabilities: readonly number[];
  /** Time in the runtime, without waiting and preparing. */
  readonly inferMs: number;
}

/** A loaded model. Not reentrant: one `classify` at a time. */
export interface Classifier {
  /** Names of the execution providers in use, best first. */
  readonly executionProviders: readonly string[];
  /**
   * @param rgb rgb24 at the size of the model's input; read until the promise settles, never changed
   * @throws AppError MODEL_OUTPUT_INVALID | INFERENCE_CRASHED; MODEL_MISMATCH for a picture of another size
   */
  classify(rgb: Uint8Array): Promise<Prediction>;
  /** Frees native memory; a classifier is of no use after it. */
  release(): Promise<void>;
}

/** Loads models in this very process. */
export interface InferenceRuntime {
  /**
   * Checks the graph against `spec` and runs it once, so that a model that cannot work fails here and the first
   * frame is not the slow one.
   * @throws AppError MODEL_UNREADABLE | MODEL_MISMATCH | LABELS_MISMATCH | MODEL_OUTPUT_INVALID
   */
  load(spec: ModelSpec): Promise<Classifier>;
}

/** What a model file without a manifest tells of itself. */
export interface ModelInspector {
  /** @throws AppError MODEL_UNREADABLE */
  inspect(path: string): Promise<ModelGraph>;
  /**
   * Runs the model to see whether its output already is a distribution; the activation in `spec` is not read.
   * @throws AppError as `InferenceRuntime.load`
   */
  probeActivation(spec: ModelSpec): Promise<ModelOutput['activation']>;
}

/**
 * Brings a still picture (path, or the bytes of a file) to rgb24 at the size of `plan`, as the cameras do with video.
 * @throws AppError PICTURE_UNREADABLE
 */
export type ReadPicture = (picture: string | Uint8Array, plan: FramePlan) => Promise<Uint8Array>;

export type GoldenOutcome =
  | {
      readonly kind: 'passed';
      /** Median of the runs. */
      readonly latencyMs: number;
    }
  | {
      readonly kind: 'failed';
      /** Path of the golden picture in the bundle. */
      readonly file: string;
      readonly expected: readonly number[];
      readonly found: readonly number[];
    };

/**
 * How pictures come to the size of a model's input.
 * @throws AppError MODEL_MISMATCH where the preprocessing cannot give that size
 */
export type PlanFrames = (preprocess: Preprocess, input: ModelInput) => FramePlan;

/**
 * Whether a model gives here what it gave where its bundle was built.
 * @param folder of the bundle
 * @throws AppError PICTURE_UNREADABLE, and as `Classifier.classify`
 */
export type CheckGoldenFrames = (
  classifier: Classifier,
  manifest: Manifest,
  folder: string,
) => Promise<GoldenOutcome>;

/**
 * Loads a model in a child process of its own: `session.run` blocks its event loop, and a native crash must not take
 * the agent along. The classifier restarts its child after a crash; a frame in flight is then lost with
 * INFERENCE_CRASHED.
 */
export interface InferenceHost {
  /** @throws AppError as `InferenceRuntime.load`, and INFERENCE_CRASHED */
  start(spec: ModelSpec): Promise<Classifier>;
}

/** A model that classifies, with what it is. */
export interface RunningModel {
  readonly digest: string;
  readonly manifest: Manifest;
  readonly variant: string;
  readonly classifier: Classifier;
}

/** What a frame was classified with, beside the result. */
export interface Classification {
  readonly model: RunningModel;
  readonly prediction: Prediction;
}

/** The champion of this box: one model, shared by every camera, replaced while they run. */
export interface ActiveModel {
  current(): RunningModel | undefined;
  /** Switches to `next` between two frames; the model before is released once its last frame is through. */
  replace(next: RunningModel): Promise<void>;
  /** @returns undefined while there is no model, or when the frame is not of the current model's size */
  classify(rgb: Uint8Array): Promise<Classification | undefined>;
  release(): Promise<void>;
}

/** What a self-test may use of the box. */
export interface SelfTestSettings {
  /** Only this number of threads; without it, what is fastest is found out. */
  readonly threads?: number;
  readonly spinning: boolean;
  readonly maxMemoryBytes: number;
  readonly cores: number;
}

export type SelfTestResult =
  | { readonly kind: 'passed'; readonly choice: ModelChoice; readonly findings: SelfTestFindings }
  | {
      readonly kind: 'failed';
      /** Error code of the most telling failure. */
      readonly code: string;
      readonly detail: string;
      readonly findings: SelfTestFindings;
    };

/**
 * Each variant this box can run, with each number of threads worth a try, in a process of its own: loaded, warmed up,
 * proved with the golden frames, measured over 100 runs against the manifest's `requires.latencyMs`, and weighed.
 * @param folder of the bundle
 */
export type SelfTest = (
  bundle: { readonly manifest: Manifest; readonly folder: string },
  settings: SelfTestSettings,
  signal: AbortSignal,
) => Promise<SelfTestResult>;

export interface ShadowLimits {
  /** Frames both models are to classify. */
  readonly frames: number;
  readonly windowMs: number;
  /** Share of the time in which the challenger may run. */
  readonly share01: number;
}

/** Runs a challenger on the frames the champion classifies, never in their way. Ends early when `signal` is aborted. */
export type RunShadow = (
  challenger: RunningModel,
  limits: ShadowLimits,
  signal: AbortSignal,
) => Promise<ShadowFindings>;
