import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { DeploymentBody } from '@watchpost/shared/messages/deployment.ts';
import type { SelfTestFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { ClockState } from '@watchpost/shared/messages/durable.ts';

export interface DeploymentRecord {
  readonly id: string;
  readonly deviceId: string;
  readonly bundleDigest: string;
  readonly model: string;
  readonly version: string;
  readonly state: DeploymentState;
  readonly reason?: string;
  readonly detail?: string;
  /** Compact JWS of the order, as retained on desired/model. */
  readonly order: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** One change of a deployment as its device told it; the digest is the one that was ordered. */
export interface DeploymentChangeRecord extends DeploymentBody {
  /** Sent from the backlog, later than it happened. */
  readonly historical: boolean;
  /** What the device knew of its clock then; absent from a box of an earlier release. */
  readonly clockState?: ClockState;
  readonly receivedAtMs: number;
}

/** A deployment with its changes, in the order in which the device made them; of very many those that came last. */
export interface DeploymentHistory extends DeploymentRecord {
  readonly changes: readonly DeploymentChangeRecord[];
}

/** What a self-test found on a device. */
export interface SelfTestRecord {
  readonly deviceId: string;
  readonly findings: SelfTestFindings;
}

export interface DeploymentQuery {
  readonly deviceId: string;
  /** `next` of the page before. */
  readonly before?: number;
  readonly limit: number;
}

/** Newest first. */
export interface DeploymentPage {
  readonly deployments: readonly DeploymentHistory[];
  /** Where the next, older page begins; absent when there is none. */
  readonly next?: number;
}

export interface DeploymentStore {
  add(deployment: DeploymentRecord): Promise<void>;
  /** The newest of a device: the one whose order is retained. */
  latest(deviceId: string): Promise<DeploymentRecord | undefined>;
  latestOfAll(): Promise<readonly DeploymentRecord[]>;
  page(query: DeploymentQuery): Promise<DeploymentPage>;
  /** What a device told that may say which model ran, over all its deployments, in the order in which it made it. */
  runChanges(deviceId: string): Promise<readonly DeploymentChangeRecord[]>;
  /** The self-tests of the newest deployments of a bundle that came so far. */
  selfTests(bundleDigest: string, maxDeployments: number): Promise<readonly SelfTestRecord[]>;
  /** Takes the next counter of a device's orders: above every one taken before, and at least `atLeast`. */
  takeOrderCounter(deviceId: string, atLeast: number): Promise<number>;
  /** As above, for many devices in one transaction; in their order. */
  takeOrderCounters(deviceIds: readonly string[], atLeast: number): Promise<readonly number[]>;
}
