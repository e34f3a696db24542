import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import type { Group, Hold, Member, RolloutSnapshot, RolloutStep } from './rollout-snapshot.ts';

/** Rollouts in a few words, for tables of tests. */
export const MINUTE_MS = 60_000;
export const NOW = 1_000 * MINUTE_MS;

export const POLICY: RolloutPolicy = {
  successThreshold: 0.9,
  errorThreshold: 0.2,
  minExecuted: 2,
  failureTypes: ['failure', 'rolled_back', 'timed_out'],
  soakSeconds: 600,
  rate: { base: 100, increment: 1, max: 100 },
  maxParallelDownloads: 100,
  timeoutMinutes: 500,
  stepTimeoutMinutes: 30,
  retries: 0,
  onError: 'pause',
  type: 'forced',
  targetSelection: 'snapshot',
  gates: [],
};

export const member = (deviceId: string, given: Partial<Member> = {}): Member => ({
  deviceId,
  group: 0,
  isConnected: true,
  isGone: false,
  isExcused: false,
  state: 'pending',
  attempts: 0,
  mayRetry: false,
  hasPrevious: true,
  ...given,
});

/** Ordered a while ago, and now in `state`. */
export const ordered = (deviceId: string, state: DeploymentState, given: Partial<Member> = {}): Member =>
  member(deviceId, { state, attempts: 1, orderedAtMs: NOW - 5 * MINUTE_MS, changedAtMs: NOW - 1, ...given });

export interface Given {
  readonly policy?: Partial<RolloutPolicy>;
  readonly groups?: readonly Group[];
  readonly members: readonly Member[];
  readonly rest?: Partial<RolloutSnapshot>;
}

export const snapshot = ({ policy, groups, members, rest }: Given): RolloutSnapshot => ({
  state: 'running',
  policy: { ...POLICY, ...policy },
  startedAtMs: NOW - 10 * MINUTE_MS,
  groups: groups ?? [{ index: 0, state: 'running' }],
  members,
  verdicts: [],
  otherInWork: new Map(),
  ...rest,
});

/** A step in a few words: `order a 1`, `group 0 soaking`, `a timed_out STEP_TIMEOUT`. */
export function shorten(step: RolloutStep): string {
  if (step.kind === 'rollout') return `rollout ${step.to}`;
  if (step.kind === 'group') return `group ${step.index} ${step.to}`;
  if (step.kind === 'order') return `order ${step.deviceId} ${step.attempt}`;
  if (step.kind === 'restore') return `restore ${step.deviceId} ${step.attempt}`;
  if (step.kind === 'end_restore') return `back ${step.deviceId} ${step.to}`;
  return `${step.deviceId} ${step.to} ${step.code}`;
}

/** What a plan is made from, its steps as `shorten` says them, and who is held. */
export type PlanRow = readonly [
  name: string,
  given: Given,
  steps: readonly string[],
  held?: Partial<Record<Hold, string[]>>,
];
