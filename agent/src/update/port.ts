import type { BundleFile, Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type {
  ModelChoice,
  SelfTestFindings,
  ShadowFindings,
  SwitchFindings,
} from '@watchpost/shared/messages/deployment-findings.ts';
import type { OrderMark } from './order-mark.ts';

/** A bundle laid out on this box, every file checked. */
export interface InstalledBundle {
  readonly digest: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** What the box classifies with, across restarts. */
export interface ActiveRecord {
  readonly digest: string;
  readonly deploymentId: string;
  readonly previousDigest?: string;
}

/** How far the last order came, across restarts. */
export interface DeploymentRecord {
  readonly deploymentId: string;
  readonly digest: string;
  readonly state: DeploymentState;
  /** How often its activation was begun: a model that takes the box down is not tried for ever. */
  readonly trials: number;
}

/** Bundles, orders and deployment records on this box. Every method may throw AppError DISK_FULL | STORE_FAILED. */
export interface BundleStore {
  /**
   * The active bundle, every byte checked; the previous one when it is damaged (and that one is active from then on).
   * @returns undefined when there is none that can be used
   */
  loadActive(): Promise<InstalledBundle | undefined>;
  /** What is written about the active bundle, unchecked. */
  readActive(): Promise<ActiveRecord | undefined>;
  readDeployment(): Promise<DeploymentRecord | undefined>;
  saveDeployment(record: DeploymentRecord): Promise<void>;
  readOrderMark(): Promise<OrderMark | undefined>;
  saveOrderMark(mark: OrderMark): Promise<void>;

  /** Files of the manifest that this box has no sound copy of, each content once; damaged copies are dropped. */
  listMissing(manifest: Manifest): Promise<readonly BundleFile[]>;
  /** @throws AppError DISK_FULL when these files would leave too little room for the rest of the box */
  checkRoom(files: readonly BundleFile[]): Promise<void>;
  /** Where a missing file is to be put. */
  objectPath(file: Pick<BundleFile, 'sha256'>): string;
  /** Lays the bundle out, wholly or not at all. @throws AppError BUNDLE_DIGEST_MISMATCH */
  install(manifest: Manifest): Promise<InstalledBundle>;
  /** Does everything for a switch that can fail for want of room. */
  prepareSwitch(digest: string, deploymentId: string): Promise<void>;
  /** Makes the prepared bundle the active one: from here on a restart begins with it. */
  commitSwitch(): Promise<void>;
  /** Drops what neither the active nor the previous bundle needs. */
  removeUnused(): Promise<void>;
}

export type SelfTestOutcome =
  | { readonly kind: 'passed'; readonly choice: ModelChoice; readonly findings: SelfTestFindings }
  | {
      readonly kind: 'failed';
      /** Error code of what the variants failed on. */
      readonly code: string;
      readonly detail: string;
      readonly findings: SelfTestFindings;
    };

/**
 * How a bundle comes to classify on this box. Until `switchTo` nothing that runs is touched; every step may be done
 * again after a restart.
 */
export interface ModelTrial {
  /** Loads the variants in processes of their own, proves them with the golden frames and measures them. */
  selfTest(bundle: InstalledBundle, signal: AbortSignal): Promise<SelfTestOutcome>;
  /**
   * Runs the bundle beside the champion on the same live frames; at once over without a champion or without frames
   * to wait for. The challenger stays loaded for `switchTo`.
   * @throws AppError MODEL_* | INFERENCE_CRASHED when it cannot be loaded
   */
  shadow(bundle: InstalledBundle, choice: ModelChoice, signal: AbortSignal): Promise<ShadowFindings>;
  /**
   * Makes the bundle the champion between two frames. When it throws, what ran before still runs.
   * @throws AppError MODEL_* | INFERENCE_CRASHED when it cannot be loaded
   */
  switchTo(bundle: InstalledBundle, choice: ModelChoice): Promise<SwitchFindings>;
  /**
   * The trial is over, however it ended: a challenger that did not become champion is ended, and the cameras deliver
   * for the champion only. Between `switchTo` and this they deliver for the model before as well, so that the way back
   * is as short. To be called at every end of a deployment.
   */
  settle(): Promise<void>;
  /** No model classifies from here on: the one that did failed, and there was none before. */
  standDown(): Promise<void>;
}

/** How the box fares; counts grow from the start of the agent. */
export interface Vitals {
  readonly framesCaptured: number;
  readonly framesClassified: number;
  /** Frames a model was given and did not answer. */
  readonly framesFailed: number;
  /** Sightings opened. */
  readonly events: number;
  /** Inference processes that ended by themselves. */
  readonly childRestarts: number;
  readonly camerasOnline: number;
  /** p95 latency of the champion's last frames; absent while they are too few. */
  readonly inferP95Ms?: number;
  /** The hottest sensor. */
  readonly celsius?: number;
}
export type ReadVitals = () => Vitals;
