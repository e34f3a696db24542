import type {
  Manifest,
  ModelInput,
  ModelOutput,
  Preprocess,
  Variant,
} from '@watchpost/shared/bundle/manifest.ts';
import type { ModelGraph } from '@watchpost/shared/bundle/model-graph.ts';
import type { Accelerator, Provider } from '@watchpost/shared/bundle/providers.ts';
import type { AppError } from '@watchpost/shared/kernel/errors.ts';
import type {
  ModelChoice,
  SelfTestFindings,
  ShadowFindings,
} from '@watchpost/shared/messages/deployment-findings.ts';
import type { FramePlan, PlannedPicture } from '../capture/port.ts';

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
  /** Where it cannot run there, the processor runs it; without it, the processor does. TensorFlow.js takes no heed. */
  readonly accelerator?: Accelerator;
  /** Where a runtime may keep the graph as it made it ready, to be loaded faster and smaller the next time. */
  readonly graphs?: {
    readonly folder: string;
    /** Of the file at `path`, which was checked. */
    readonly sha256: string;
  };
}

/** Why a provider does not run a model. */
export interface ProviderSetback {
  readonly provider: Provider;
  readonly why: string;
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
  /** Those that were asked for, or tried, before. */
  readonly setbacks?: readonly ProviderSetback[];
  /**
   * @param rgb rgb24 at the size of the model's input; read until the promise settles, never changed
   * @throws AppError MODEL_OUTPUT_INVALID; INFERENCE_CRASHED | INFERENCE_TIMEOUT | INFERENCE_MEMORY in a process of its
   *   own; MODEL_MISMATCH for a picture of another size
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

/** A model in a process of its own. */
export interface HostedClassifier extends Classifier {
  /** The most its present process held at once; undefined where the system does not tell, or the process is gone. */
  peakMemoryBytes(): Promise<number | undefined>;
}

/** An inference process ended by itself, or was ended for hanging or for its memory; another one takes its place. */
export interface ChildRestart {
  readonly spec: ModelSpec;
  /** INFERENCE_CRASHED | INFERENCE_TIMEOUT | INFERENCE_MEMORY */
  readonly why: AppError;
}

/**
 * Loads a model in a child process of its own: `session.run` blocks its event loop, and a native crash must not take
 * the agent along. The classifier restarts its child after a crash; the frame in flight is then lost, with the code of
 * how the process ended.
 */
export interface InferenceHost {
  /**
   * @param signal aborting it ends the process at once, whatever it does, and for good
   * @throws AppError as `InferenceRuntime.load`, and INFERENCE_CRASHED | INFERENCE_TIMEOUT | INFERENCE_MEMORY
   */
  start(spec: ModelSpec, signal?: AbortSignal): Promise<HostedClassifier>;
  /**
   * Tries, in a process that is gone afterwards, what the runtime offers beside the processor.
   * @throws AppError INFERENCE_CRASHED | INFERENCE_TIMEOUT
   */
  probeProviders(signal?: AbortSignal): Promise<readonly ProviderProbe[]>;
}

/** A provider the runtime offers; `why` it cannot be used here, where it cannot. */
export interface ProviderProbe {
  readonly provider: Provider;
  readonly why?: string;
}

/** A model that classifies, with what it is and how it is run. */
export interface RunningModel {
  readonly digest: string;
  readonly manifest: Manifest;
  readonly variant: string;
  readonly threads: number;
  /** What it was proved on; without it, the processor. */
  readonly provider?: Provider;
  /** Of the pictures it takes. */
  readonly plan: FramePlan;
  readonly classifier: Classifier;
}

/** What a frame was classified with, beside the result. */
export interface Classification {
  readonly model: RunningModel;
  readonly prediction: Prediction;
}

/** Told of each frame the champion has classified; must not throw. */
export type OnClassified = (pictures: readonly PlannedPicture[], classification: Classification) => void;

/** A wish that a picture be classified. */
export interface Look {
  /** What is looked at: a camera, or a region of one. One look waits for each place: a newer one takes its turn. */
  readonly place: string;
  /** When its frame was captured, and when its turn ought to have come. Monotonic milliseconds. */
  readonly capturedAtMs: number;
  readonly dueAtMs: number;
  /** Asked when its turn has come; the picture of the model's plan is read. */
  pictures(): Promise<readonly PlannedPicture[]>;
}

/**
 * What became of a look. `displaced`: a newer one of its place came before its turn did; `unseen`: there is no model, or
 * no picture for it.
 */
export type Looked =
  | ({ readonly kind: 'classified' } & Classification)
  | { readonly kind: 'displaced' }
  | { readonly kind: 'unseen' };

/** The champion of this box: one model, shared by every camera, replaced while they run. */
export interface ActiveModel {
  current(): RunningModel | undefined;
  /**
   * Switches between two looks: the next one is for `next`, also while the model before still has one.
   * @returns the model before, once its last look is through or has taken too long; the caller releases it
   */
  replace(next: RunningModel | undefined): Promise<RunningModel | undefined>;
  /**
   * One look at a time, who is due first before the others; rejects with what the model fails with.
   */
  classify(look: Look): Promise<Looked>;
  /** Since when the place that has waited longest waits for its turn, monotonic; undefined when none does. */
  waitingSinceMs(): number | undefined;
  /** Looks displaced so far. */
  displaced(): number;
  /** @returns ends the telling */
  onClassified(listener: OnClassified): () => void;
  /** Stands down and releases the model. */
  release(): Promise<void>;
}

/** What a self-test may use of the box. */
export interface SelfTestSettings {
  /** Only this number of threads; without it, what is fastest is found out. */
  readonly threads?: number;
  /** What else than the processor is tried; without it, nothing. */
  readonly accelerator?: Accelerator;
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
 * Aborting `signal` ends the process at once and rejects with the signal's reason.
 * @param bundle the folder holds the files of the manifest
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

/**
 * Loads a bundle, ready to become the champion.
 * @param signal aborting it ends the loading; what is loaded stays
 * @throws AppError BUNDLE_UNFIT for a variant it does not have, and as `InferenceHost.start`
 */
export type OpenModel = (
  bundle: { readonly digest: string; readonly manifest: Manifest; readonly folder: string },
  choice: ModelChoice,
  signal?: AbortSignal,
) => Promise<RunningModel>;
