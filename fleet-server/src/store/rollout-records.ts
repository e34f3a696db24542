import type { GroupPlan, RolloutJournalEntry } from '@watchpost/shared/api/rollouts.ts';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { GroupState, RolloutState } from '@watchpost/shared/lifecycle/rollout.ts';
import type { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import type { DeploymentRecord } from './deployment-records.ts';

export interface RolloutRecord {
  readonly id: string;
  readonly name: string;
  readonly bundleDigest: string;
  readonly model: string;
  readonly version: string;
  /** Absent: every accepted device. */
  readonly filter?: string;
  readonly policy: RolloutPolicy;
  readonly groupPlan: GroupPlan;
  /** Draws the order of the devices. */
  readonly seed: string;
  readonly priority: number;
  readonly requiresApproval: boolean;
  /** It starts once it is ready, without being told again. */
  readonly startsItself: boolean;
  readonly state: RolloutState;
  /** Of the newest transition. */
  readonly why: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly startAtMs?: number;
  readonly startedAtMs?: number;
  readonly rollingBackSinceMs?: number;
  readonly endedAtMs?: number;
  /** Counts the changes: one made on the strength of an older one is refused. */
  readonly revision: number;
}

export interface RolloutGroupRecord {
  readonly index: number;
  readonly name: string;
  readonly state: GroupState;
  readonly soakingSinceMs?: number;
}

/** An end the server gave. */
export interface GivenEnd {
  readonly state: DeploymentState;
  readonly reason: string;
  readonly detail: string;
}

/** What a rollout remembers of a device; how its deployments stand is with those. */
export interface RolloutMemberRecord {
  readonly deviceId: string;
  readonly group: number;
  /** In the order in which devices are taken. */
  readonly position: number;
  /** Orders given since a person last asked to try it again. */
  readonly attempts: number;
  /** A person asked to try it again: orders lift the quarantine. */
  readonly isRetried: boolean;
  readonly isExcused: boolean;
  /** The newest order; none before the first. */
  readonly deploymentId?: string;
  readonly orderedAtMs?: number;
  /** Of a device that was never ordered. */
  readonly end?: GivenEnd;
  /** What it ran when it was ordered last, other than the bundle of this rollout. */
  readonly previousDigest?: string;
  readonly restoreAttempts: number;
  readonly restoreId?: string;
  readonly restoreOrderedAtMs?: number;
  /** Of a way back that cannot be ordered. */
  readonly restoreEnd?: GivenEnd;
}

/** How a deployment stands. */
export type RolloutProgress = Pick<DeploymentRecord, 'state' | 'reason' | 'detail' | 'updatedAtMs'>;

export interface RolloutMember extends RolloutMemberRecord {
  readonly progress?: RolloutProgress;
  readonly restoreProgress?: RolloutProgress;
}

export interface RolloutWhole {
  readonly rollout: RolloutRecord;
  readonly groups: readonly RolloutGroupRecord[];
  /** In the order of their positions. */
  readonly members: readonly RolloutMember[];
}

export type RolloutJournalDraft = Omit<RolloutJournalEntry, 'seq'>;

/** Everything a step changes, in one transaction. */
export interface RolloutChange {
  /** As it will be; its revision is the one it was read with. */
  readonly rollout: RolloutRecord;
  /** Those that changed. */
  readonly groups: readonly RolloutGroupRecord[];
  /** Those that changed, and new ones. */
  readonly members: readonly RolloutMemberRecord[];
  /** Orders, not sent yet. */
  readonly deployments: readonly DeploymentRecord[];
  /** Deployments the server ends; one that is at its end stays as it is. */
  readonly ends: readonly ({ readonly deploymentId: string; readonly atMs: number } & GivenEnd)[];
  readonly journal: readonly RolloutJournalDraft[];
}

export interface RolloutMemberQuery {
  readonly rolloutId: string;
  readonly group?: number;
  readonly state?: DeploymentState;
  /** Positions above. */
  readonly after: number;
  readonly limit: number;
}

/** How many devices of a group stand how. */
export interface RolloutStanding {
  readonly group: number;
  readonly state: DeploymentState;
  readonly isOrdered: boolean;
  readonly isExcused: boolean;
  readonly restoreState?: DeploymentState;
  readonly devices: number;
}

/** Campaigns that bring devices to a bundle. */
export interface RolloutStore {
  add(whole: RolloutWhole, journal: readonly RolloutJournalDraft[]): Promise<void>;
  find(id: string): Promise<RolloutRecord | undefined>;
  /** Newest first. `before` and `next` number rollouts in the order in which they were made. */
  list(query: {
    readonly before?: number;
    readonly limit: number;
  }): Promise<{ readonly rollouts: readonly RolloutRecord[]; readonly next?: number }>;
  /** In one of these states, oldest first. */
  listIn(states: readonly RolloutState[]): Promise<readonly RolloutRecord[]>;
  /** Finished later than that, oldest first. */
  finishedSince(sinceMs: number): Promise<readonly RolloutRecord[]>;
  groups(id: string): Promise<readonly RolloutGroupRecord[]>;
  load(id: string): Promise<RolloutWhole | undefined>;
  /** @returns false when the rollout was changed since it was read: nothing is stored */
  apply(change: RolloutChange): Promise<boolean>;
  members(query: RolloutMemberQuery): Promise<readonly RolloutMember[]>;
  /** Of these devices those of the rollout whose order stands in one of these states. */
  whoStands(
    rolloutId: string,
    deviceIds: readonly string[],
    states: readonly DeploymentState[],
  ): Promise<readonly string[]>;
  standings(id: string): Promise<readonly RolloutStanding[]>;
  /** Oldest first. */
  journal(query: {
    readonly rolloutId: string;
    readonly after: number;
    readonly limit: number;
  }): Promise<readonly RolloutJournalEntry[]>;
  /** Failed and rolled back deployments of each device since then. */
  failuresSince(sinceMs: number): Promise<ReadonlyMap<string, number>>;
}

/** Who of several servers does what only one may do. */
export interface LeaseStore {
  /** Takes or renews it. @returns false while another one has it */
  take(name: string, owner: string, atMs: number, lifeMs: number): Promise<boolean>;
  /** Gives it back; no error when another one has it. */
  release(name: string, owner: string): Promise<void>;
}
