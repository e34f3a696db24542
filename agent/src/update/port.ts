import type { BundleFile, Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type {
  ModelChoice,
  ShadowFindings,
  SwitchFindings,
} from '@watchpost/shared/messages/deployment-findings.ts';
import type { SelfTestResult } from '../inference/port.ts';
import type { EventHistory } from './event-history.ts';
import type { OrderMark } from './order-mark.ts';
import type { Phase } from './phases.ts';
import type { Quarantine } from './quarantine.ts';
import type { Slot, Slots } from './slots.ts';

/** A bundle laid out on this box, every file checked. */
export interface InstalledBundle {
  readonly digest: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** A bundle that is to classify, and how it is run. */
export interface Champion {
  readonly bundle: InstalledBundle;
  readonly slot: Slot;
}

/** How the model before fared, shortly before the switch. */
export interface Baseline {
  /** Those that were the model's to classify, as `Vitals.framesDue`. */
  readonly framesCaptured: number;
  readonly framesClassified: number;
  /** Sums and numbers of readings. */
  readonly p95SumMs: number;
  readonly p95Readings: number;
  readonly celsiusSum: number;
  readonly celsiusReadings: number;
}

/** What was seen of a model on trial, over restarts of the agent. */
export interface Watched extends Baseline {
  /** By the monotonic clock, while the agent ran. */
  readonly spentMs: number;
  readonly agentRestarts: number;
  readonly framesFailed: number;
  readonly childRestarts: number;
  /** How long the box has been too hot without a break, and the longest it was. */
  readonly hotMs: number;
  readonly hottestMs: number;
  /** Sightings opened, and those expected, in the time whose usual rate is known. */
  readonly events: number;
  readonly expectedEvents: number;
}

/** A bundle that lies on this box for an order to come. */
export type KeptBundle = Pick<Slot, 'digest' | 'deploymentId'>;

/** How far the last order came, across restarts. */
export interface DeploymentRecord {
  readonly deploymentId: string;
  readonly digest: string;
  readonly phase: Phase;
  /** Trials of its model that were begun and did not end: one that takes the box down is not tried for ever. */
  readonly trials: number;
  /** Changes of phase and restarts that were saved. */
  readonly transitions: number;
  /** What the self-test chose, of this deployment or of the one that installed the bundle. */
  readonly choice?: ModelChoice;
  /** How the model before fared; absent where there was none. */
  readonly baseline?: Baseline;
  /** Of a soft order: when it is installed, quiet or not; wall clock. */
  readonly softUntilMs?: number;
  /** What the probation has seen. */
  readonly watched?: Watched;
  /** Why it is rolled back. */
  readonly why?: Why;
}

/** An error code, and what happened in words. */
export interface Why {
  readonly reason: string;
  readonly detail: string;
}

/** Bundles, slots and records on this box. Every method may throw AppError DISK_FULL | STORE_FAILED. */
export interface BundleStore {
  readSlots(): Promise<Slots>;
  /** What the box goes back to; undefined unless a switch was prepared that is neither committed nor taken back. */
  readBack(): Promise<Slots | undefined>;
  /**
   * The champion, every byte checked; when it is damaged, the one before, which is the champion from then on.
   * @returns undefined when there is none that can be used
   */
  loadChampion(): Promise<Champion | undefined>;
  /** A bundle that was installed, every byte checked. @throws AppError BUNDLE_* | MANIFEST_* when it is damaged */
  loadBundle(digest: string): Promise<InstalledBundle>;
  /** Keeps a bundle that is tried beside the champion; without one, none is. */
  saveChallenger(challenger: Slot | undefined): Promise<void>;
  /** Does everything for a switch, and for the way back, that can fail for want of room. */
  prepareSwitch(challenger: Slot): Promise<void>;
  /** Makes the prepared bundle the champion, on trial: from here on a restart begins with it. */
  commitSwitch(): Promise<void>;
  /** Brings the slots back to what they were before the switch. Needs no room. */
  switchBack(): Promise<void>;
  /** The champion has proved itself: nothing is gone back to any more. Needs no room. */
  endTrial(): Promise<void>;

  readDeployment(): Promise<DeploymentRecord | undefined>;
  saveDeployment(record: DeploymentRecord): Promise<void>;
  readOrderMark(): Promise<OrderMark | undefined>;
  saveOrderMark(mark: OrderMark): Promise<void>;
  readQuarantine(): Promise<Quarantine>;
  saveQuarantine(quarantine: Quarantine): Promise<void>;
  /** What a download-only order had kept last: until it is installed, another one is, or its room is needed. */
  readKept(): Promise<KeptBundle | undefined>;
  /** Its files stay from now on; undefined: those of the one before do not. */
  saveKept(kept: KeptBundle | undefined): Promise<void>;
  readHistory(): Promise<EventHistory>;
  saveHistory(history: EventHistory): Promise<void>;

  /** Files of the manifest that this box has no sound copy of, each content once; damaged copies are dropped. */
  listMissing(manifest: Manifest): Promise<readonly BundleFile[]>;
  /** @throws AppError BUNDLE_TOO_BIG when it does not fit beside the bundles of the slots, whatever else is removed */
  checkBudget(manifest: Manifest): Promise<void>;
  /** @throws AppError DISK_FULL when these files would leave too little room for the rest of the box */
  checkRoom(files: readonly BundleFile[]): Promise<void>;
  /** What has to be freed before there is room for them; 0 for nothing. */
  readShortageBytes(files: readonly BundleFile[]): Promise<number>;
  /** Bytes on the disk that are no hindrance to a bundle: its own already, or of what makes room for it. */
  readReclaimable(manifest: Manifest): Promise<number>;
  /** Where a missing file is to be put. */
  objectPath(file: Pick<BundleFile, 'sha256'>): string;
  /** Lays the bundle out, wholly or not at all. @throws AppError BUNDLE_DIGEST_MISMATCH */
  install(manifest: Manifest): Promise<InstalledBundle>;
  /** Drops what runtimes made ready of the bundles, and make again where there is room. */
  dropGraphs(): Promise<void>;
  /**
   * Drops what neither a slot nor the deployment in work needs, nor is kept, unless models may not take so much of the
   * disk; while the manifest of the deployment is not known, no file goes.
   */
  removeUnused(inWork?: { readonly digest: string; readonly manifest?: Manifest }): Promise<void>;
}

/**
 * How a bundle comes to classify on this box. Until `switchTo` nothing that runs is touched; every step may be done
 * again after a restart. All but the self-test take turns: what was given up and still goes on ends before the next
 * begins, so that the way back has the last word.
 */
export interface ModelTrial {
  /** Loads the variants in processes of their own, proves them with the golden frames and measures them. */
  selfTest(bundle: InstalledBundle, signal: AbortSignal): Promise<SelfTestResult>;
  /**
   * Runs the bundle beside the champion on the same live frames; at once over without a champion or without frames
   * to wait for. The challenger stays loaded for `switchTo`.
   * @throws AppError MODEL_* | INFERENCE_CRASHED when it cannot be loaded
   */
  shadow(bundle: InstalledBundle, choice: ModelChoice, signal: AbortSignal): Promise<ShadowFindings>;
  /**
   * Makes the bundle the champion between two frames. When it throws, what ran before still runs.
   * @param signal once it is aborted, nothing is switched any more
   * @throws AppError MODEL_* | INFERENCE_CRASHED when it cannot be loaded; the reason of `signal`
   */
  switchTo(bundle: InstalledBundle, choice: ModelChoice, signal?: AbortSignal): Promise<SwitchFindings>;
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
  /**
   * Those that were the model's to classify: not those left out because nothing moved or the box was hot, and one for
   * each region of a camera. What the model could not keep up with is among them.
   */
  readonly framesDue: number;
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
