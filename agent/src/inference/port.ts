import type { ModelInput, ModelOutput, Preprocess, Variant } from '@watchpost/shared/bundle/manifest.ts';

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
   * @param rgb rgb24 at the size of the model's input
   * @throws AppError MODEL_OUTPUT_INVALID | INFERENCE_CRASHED
   */
  classify(rgb: Uint8Array): Promise<Prediction>;
  /** Frees native memory; a classifier is of no use after it. */
  release(): Promise<void>;
}

/** Loads models in this very process. */
export interface InferenceRuntime {
  /** @throws AppError MODEL_UNREADABLE | MODEL_MISMATCH | LABELS_MISMATCH */
  load(spec: ModelSpec): Promise<Classifier>;
}

/**
 * Loads a model in a child process of its own: `session.run` blocks its event loop, and a native crash must not take
 * the agent along. The classifier restarts its child after a crash; a frame in flight is then lost with
 * INFERENCE_CRASHED.
 */
export interface InferenceHost {
  start(spec: ModelSpec): Promise<Classifier>;
}
