import type { Provider } from '@watchpost/shared/bundle/providers.ts';
import type { SelfTestFindings } from '@watchpost/shared/messages/deployment-findings.ts';

/** The video of the camera that was named. */
export interface BenchedVideo {
  readonly codec: string;
  readonly width: number;
  readonly height: number;
}

/** One way to decode the camera, tried on this box. */
export interface BenchedDecoder {
  readonly method: string;
  /** CPU seconds for a second of video; undefined: it did not work, and `why` says so. */
  readonly cpu01?: number;
  readonly why?: string;
}

/** So many cameras, really run. */
export interface CameraRun {
  readonly cameras: number;
  /** Share of the frames that were not classified, or did not come at all. */
  readonly lost01: number;
  /** Cameras of which nothing came. */
  readonly silent: number;
}

export type BenchedTrial = SelfTestFindings['trials'][number];

/** What is best on this box, for this camera and this model. */
export interface BestConfig {
  readonly fps: number;
  readonly decode: string;
  readonly variant: string;
  readonly threads: number;
  /** What runs the model; absent for the processor. */
  readonly provider?: Provider;
}

export interface BenchReport {
  /** Without credentials. */
  readonly source: string;
  readonly model: string;
  readonly cores: number;
  readonly video: BenchedVideo;
  readonly decoders: readonly BenchedDecoder[];
  readonly trials: readonly BenchedTrial[];
  readonly best: BestConfig;
  /** By what one camera takes of the processor. */
  readonly computed: number;
  readonly runs: readonly CameraRun[];
  /** The most that ran without losing frames; 0: not even one did. */
  readonly carried: number;
}
