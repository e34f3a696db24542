import type { GroupState, RolloutState } from '@watchpost/shared/lifecycle/rollout.ts';
import type {
  DeploymentRecord,
  GivenEnd,
  RolloutChange,
  RolloutGroupRecord,
  RolloutJournalDraft,
  RolloutMember,
  RolloutRecord,
} from '../store/port.ts';
import type { LiveRollout } from './live-rollout.ts';
import type { RolloutStep } from './rollout-snapshot.ts';

/** What came of the orders among the steps. */
export interface Orders {
  /** By device. */
  readonly deployments: ReadonlyMap<string, DeploymentRecord>;
  /** Why the director did not order, by device. */
  readonly refusals: ReadonlyMap<string, { readonly code: string; readonly message: string }>;
  /** What devices run now. */
  readonly runningOf: (deviceId: string) => string | undefined;
}

export const NO_ORDERS: Orders = {
  deployments: new Map(),
  refusals: new Map(),
  runningOf: () => undefined,
};

/** The actor in the journal for what the planner does. */
export const PLANNER = 'planner';

/** What steps change; members come with how they stand then. */
export interface StepChange extends RolloutChange {
  readonly members: readonly RolloutMember[];
}

export function performSteps(
  live: LiveRollout,
  steps: readonly RolloutStep[],
  orders: Orders,
  nowMs: number,
): StepChange {
  const work = new StepWork(live, orders, nowMs);
  for (const step of steps) work.perform(step);
  return work.change();
}

class StepWork {
  readonly #live: LiveRollout;
  readonly #orders: Orders;
  readonly #nowMs: number;
  #rollout: RolloutRecord;
  readonly #groups = new Map<number, RolloutGroupRecord>();
  readonly #members = new Map<string, RolloutMember>();
  readonly #ends: RolloutChange['ends'][number][] = [];
  readonly #journal: RolloutJournalDraft[] = [];

  constructor(live: LiveRollout, orders: Orders, nowMs: number) {
    this.#live = live;
    this.#orders = orders;
    this.#nowMs = nowMs;
    this.#rollout = live.rollout;
  }

  change(): StepChange {
    return {
      rollout: this.#rollout,
      groups: [...this.#groups.values()],
      members: [...this.#members.values()],
      deployments: [...this.#orders.deployments.values()],
      ends: this.#ends,
      journal: this.#journal,
    };
  }

  perform(step: RolloutStep): void {
    if (step.kind === 'rollout') this.#moveRollout(step.to, step.why);
    else if (step.kind === 'group') this.#moveGroup(step.index, step.to, step.why);
    else {
      const member = this.#members.get(step.deviceId) ?? this.#live.members.get(step.deviceId);
      if (member === undefined) throw new TypeError(`${step.deviceId} is not in rollout ${this.#rollout.id}`);
      this.#performOn(member, step);
    }
  }

  #performOn(member: RolloutMember, step: Exclude<RolloutStep, { kind: 'rollout' | 'group' }>): void {
    if (step.kind === 'order') this.#order(member);
    else if (step.kind === 'restore') this.#restore(member, step.attempt);
    else {
      const end = { state: step.to, reason: step.code, detail: step.detail };
      this.#members.set(
        member.deviceId,
        step.kind === 'end' ? this.#end(member, end) : this.#endBack(member, end),
      );
      this.#note(member, step.kind === 'end' ? step.to : 'restore_timed_out', `${step.code}: ${step.detail}`);
    }
  }

  #moveRollout(to: RolloutState, why: string): void {
    this.#rollout = moveRollout(this.#rollout, to, why, this.#nowMs);
    this.#journal.push({ atMs: this.#nowMs, actor: PLANNER, subject: 'rollout', to, why });
  }

  #moveGroup(index: number, to: GroupState, why: string): void {
    const group = this.#groups.get(index) ?? this.#live.groups.find((it) => it.index === index);
    if (group === undefined) throw new TypeError(`rollout ${this.#rollout.id} has no group ${index}`);
    this.#groups.set(index, moveGroup(group, to, this.#nowMs));
    const entry = { atMs: this.#nowMs, actor: PLANNER, group: index + 1, to, why };
    this.#journal.push({ ...entry, subject: 'group' });
  }

  /** No order can be given of a bundle that may not be deployed any more: a person is to look. */
  #order(member: RolloutMember): void {
    const { deviceId } = member;
    const deployment = this.#orders.deployments.get(deviceId);
    if (deployment === undefined) {
      const refusal = this.#orders.refusals.get(deviceId);
      if (refusal !== undefined && this.#rollout.state === 'running')
        this.#moveRollout('paused', `${refusal.code}: ${refusal.message}`);
      return;
    }
    const { end: _end, ...rest } = member;
    const previousDigest = this.#findPrevious(member);
    this.#members.set(deviceId, {
      ...rest,
      attempts: member.attempts + 1,
      isExcused: false,
      deploymentId: deployment.id,
      orderedAtMs: this.#nowMs,
      ...(previousDigest !== undefined && { previousDigest }),
      progress: { state: deployment.state, updatedAtMs: deployment.updatedAtMs },
    });
    this.#note(member, 'ordered', `attempt ${member.attempts + 1}, deployment ${deployment.id}`);
  }

  /** Others may have brought it something else since the order before; this bundle may have come of that order. */
  #findPrevious({ deviceId, previousDigest }: RolloutMember): string | undefined {
    const running = this.#orders.runningOf(deviceId);
    const isOurs = running === undefined || running === this.#rollout.bundleDigest;
    return isOurs ? (previousDigest ?? running) : running;
  }

  #restore(member: RolloutMember, attempt: number): void {
    const { deviceId } = member;
    const deployment = this.#orders.deployments.get(deviceId);
    const refusal = this.#orders.refusals.get(deviceId);
    if (deployment === undefined && refusal === undefined) return;
    const { restoreId: _id, restoreProgress: _progress, restoreEnd: _end, ...rest } = member;
    const ordered = { ...rest, restoreAttempts: attempt, restoreOrderedAtMs: this.#nowMs };
    if (deployment !== undefined) {
      const { state, updatedAtMs, model, version } = deployment;
      const restoreProgress = { state, updatedAtMs };
      this.#members.set(deviceId, { ...ordered, restoreId: deployment.id, restoreProgress });
      this.#note(member, 'restoring', `back to ${model}@${version}, deployment ${deployment.id}`);
    } else if (refusal !== undefined) {
      const { code: reason, message: detail } = refusal;
      this.#members.set(deviceId, { ...ordered, restoreEnd: { state: 'rejected', reason, detail } });
      this.#note(member, 'restore_rejected', `${reason}: ${detail}`);
    }
  }

  #end(member: RolloutMember, end: GivenEnd): RolloutMember {
    const { deploymentId } = member;
    if (deploymentId === undefined) return { ...member, end };
    this.#ends.push({ deploymentId, atMs: this.#nowMs, ...end });
    return { ...member, progress: { ...end, updatedAtMs: this.#nowMs } };
  }

  #endBack(member: RolloutMember, end: GivenEnd): RolloutMember {
    const { restoreId: deploymentId } = member;
    if (deploymentId === undefined) return { ...member, restoreEnd: end };
    this.#ends.push({ deploymentId, atMs: this.#nowMs, ...end });
    return { ...member, restoreProgress: { ...end, updatedAtMs: this.#nowMs } };
  }

  #note({ deviceId, group }: RolloutMember, to: string, why: string): void {
    const entry = { atMs: this.#nowMs, actor: PLANNER, subject: 'device', deviceId } as const;
    this.#journal.push({ ...entry, group: group + 1, to, why });
  }
}

/** A rollout that goes on after a pause keeps the time it has. */
export function moveRollout(
  rollout: RolloutRecord,
  to: RolloutState,
  why: string,
  nowMs: number,
): RolloutRecord {
  const isOver = ['stopped', 'finished', 'rolled_back', 'approval_denied'].includes(to);
  return {
    ...rollout,
    state: to,
    why,
    ...(to === 'running' && { startedAtMs: rollout.startedAtMs ?? nowMs }),
    ...(to === 'rolling_back' && { rollingBackSinceMs: nowMs }),
    ...(isOver && { endedAtMs: nowMs }),
  };
}

export function moveGroup(
  { soakingSinceMs: _since, ...group }: RolloutGroupRecord,
  to: GroupState,
  nowMs: number,
): RolloutGroupRecord {
  return { ...group, state: to, ...(to === 'soaking' && { soakingSinceMs: nowMs }) };
}
