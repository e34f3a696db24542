import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { GroupState, RolloutState } from '@watchpost/shared/lifecycle/rollout.ts';
import type { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import type { GateVerdict } from '../gates/port.ts';

export type { GateVerdict };

/** A device of a rollout, as the planner sees it. */
export interface Member {
  readonly deviceId: string;
  readonly group: number;
  readonly isConnected: boolean;
  /** Until when a device that is away is taken to be back in a moment: it was here just now, or the server started. */
  readonly expectedUntilMs?: number;
  /** What the disruption budget groups by; absent where the device has no such value. */
  readonly budgetKey?: string;
  /** When its maintenance window opens; absent while it is open, or there is none. */
  readonly windowOpensAtMs?: number;
  /** When its maintenance window closes; absent while it is closed, or there is none. */
  readonly windowClosesAtMs?: number;
  /** Why the device cannot take the bundle, whatever anybody does. */
  readonly unfit?: { readonly code: string; readonly detail: string };
  /** The device is not one of the fleet any more. */
  readonly isGone: boolean;
  /** Who has the device in work, or goes first: another rollout, or a person who ordered something else. */
  readonly takenBy?: string;
  /** The rollout that goes before this one, and has brought the device its bundle. */
  readonly outrankedBy?: string;
  /** Of the newest deployment of this rollout; `pending` before the first. */
  readonly state: DeploymentState;
  /** Orders given, since a person last asked to try the device again. */
  readonly attempts: number;
  /** Of the newest order. */
  readonly orderedAtMs?: number;
  /** Of the newest change the device told. */
  readonly changedAtMs?: number;
  /** A failure that may pass when it is tried again: network, server, time. */
  readonly mayRetry: boolean;
  /** A person saw the failure and let the rollout go on: it counts for nothing any more. */
  readonly isExcused: boolean;
  /** The way back to the device's own bundle before; absent until one is ordered. */
  readonly restore?: Restore;
  /** Whether there is a bundle to go back to. */
  readonly hasPrevious: boolean;
}

/** The newest order that takes a device back. */
export interface Restore {
  readonly state: DeploymentState;
  readonly attempts: number;
  readonly orderedAtMs: number;
  readonly changedAtMs?: number;
  readonly mayRetry: boolean;
}

export interface Group {
  readonly index: number;
  readonly state: GroupState;
  /** Since when the thresholds have been met. */
  readonly soakingSinceMs?: number;
}

/** Everything a plan is made from: the planner reads nothing else. */
export interface RolloutSnapshot {
  readonly state: RolloutState;
  readonly policy: RolloutPolicy;
  readonly startAtMs?: number;
  readonly startedAtMs?: number;
  readonly rollingBackSinceMs?: number;
  /** Since when this server hears what devices say: before, silence says nothing. */
  readonly listeningSinceMs?: number;
  /** In their order. */
  readonly groups: readonly Group[];
  /** In the order in which they are to be taken. */
  readonly members: readonly Member[];
  /** Of the groups that soak. */
  readonly verdicts: readonly GateVerdict[];
  /** Devices of other rollouts in work, by budget key. */
  readonly otherInWork: ReadonlyMap<string, number>;
}

/** Why a device that waits was not given an order. */
export const HOLDS = [
  'not_its_turn',
  'offline',
  'window',
  'other_rollout',
  'retry_delay',
  'rate',
  'parallel_downloads',
  'disruption_budget',
] as const;
export type Hold = (typeof HOLDS)[number];

/** Why a device is left to a rollout that goes first. */
export const OUTRANKED = 'ROLLOUT_OUTRANKED';

export type RolloutStep =
  | { readonly kind: 'rollout'; readonly to: RolloutState; readonly why: string }
  | { readonly kind: 'group'; readonly index: number; readonly to: GroupState; readonly why: string }
  | {
      readonly kind: 'order';
      readonly deviceId: string;
      readonly attempt: number;
      /** Of a soft rollout: when the device installs at the latest. */
      readonly softUntilMs?: number;
    }
  | { readonly kind: 'restore'; readonly deviceId: string; readonly attempt: number }
  | {
      readonly kind: 'end';
      readonly deviceId: string;
      readonly to: 'rejected' | 'timed_out' | 'aborted' | 'decommissioned';
      readonly code: string;
      readonly detail: string;
    }
  | {
      readonly kind: 'end_restore';
      readonly deviceId: string;
      readonly to: 'timed_out';
      readonly code: string;
      readonly detail: string;
    };

export interface RolloutPlan {
  readonly steps: readonly RolloutStep[];
  /** The devices that wait, by what they wait for. */
  readonly held: ReadonlyMap<Hold, readonly string[]>;
  /** When to look again though nothing is reported; absent when nothing waits for a time. */
  readonly wakeAtMs?: number;
}
