import { DEPLOYMENT_LIFECYCLE } from '@watchpost/shared/lifecycle/deployment.ts';
import type { RolloutState } from '@watchpost/shared/lifecycle/rollout.ts';
import { isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import type { FailureType } from '@watchpost/shared/rollout/policy.ts';
import type { RolloutJournalDraft, RolloutMember, RolloutRecord } from '../store/port.ts';
import { type LiveRollout, stateOf } from './live-rollout.ts';
import { moveGroup, moveRollout, type StepChange } from './perform-steps.ts';
import type { RolloutActionName } from './port.ts';
import { hasSucceeded } from './rollout-tally.ts';

export interface RolloutAction {
  readonly name: RolloutActionName;
  /** Name of the user. */
  readonly by: string;
  readonly note?: string | undefined;
  /** Of `retry`: only this group, counted from 1. */
  readonly group?: number | undefined;
  /** Of `retry`: only these. */
  readonly devices?: readonly string[] | undefined;
}

export type ActionVerdict =
  | { readonly kind: 'done'; readonly change: StepChange }
  | { readonly kind: 'refused'; readonly code: 'ROLLOUT_STATE' | 'APPROVER_IS_AUTHOR'; readonly why: string };

/** From which states, and where to; `retry` and `skip-group` leave the state as it is. */
const ALLOWED_IN: Readonly<Record<RolloutActionName, readonly RolloutState[]>> = {
  approve: ['waiting_for_approval'],
  deny: ['waiting_for_approval'],
  start: ['ready', 'scheduled'],
  pause: ['running'],
  resume: ['paused'],
  stop: ['creating', 'waiting_for_approval', 'approval_denied', 'ready', 'scheduled', 'running', 'paused'],
  rollback: ['running', 'paused', 'stopping', 'stopped', 'finished'],
  'skip-group': ['running', 'paused'],
  retry: ['running', 'paused'],
};

export function actOnRollout(live: LiveRollout, action: RolloutAction, nowMs: number): ActionVerdict {
  const { rollout } = live;
  const { name, by } = action;
  if (!ALLOWED_IN[name].includes(rollout.state)) {
    return refuse(`${rollout.name} is ${rollout.state}; ${name} is for ${ALLOWED_IN[name].join(', ')}`);
  }
  if (name === 'approve' && by === rollout.createdBy) {
    return { kind: 'refused', code: 'APPROVER_IS_AUTHOR', why: `${by} made ${rollout.name}` };
  }
  if (name === 'skip-group') return skipGroup(live, action, nowMs);
  if (name === 'retry') return retry(live, action, nowMs);
  const states = listStates(rollout, name, nowMs);
  const excused = name === 'resume' ? excuse(live) : [];
  const why = describe(action, excused);
  const moved = states.reduce((before, to) => moveRollout(before, to, why, nowMs), rollout);
  const journal = states.map(
    (to): RolloutJournalDraft => ({ atMs: nowMs, actor: by, subject: 'rollout', to, why }),
  );
  return done(moved, { members: excused, journal });
}

const refuse = (why: string): ActionVerdict => ({ kind: 'refused', code: 'ROLLOUT_STATE', why });

function done(rollout: RolloutRecord, rest: Partial<StepChange>): ActionVerdict {
  const nothing = { groups: [], members: [], deployments: [], ends: [], journal: [] };
  return { kind: 'done', change: { rollout, ...nothing, ...rest } };
}

/** The states entered one after the other. */
function listStates(
  rollout: RolloutRecord,
  name: Exclude<RolloutActionName, 'skip-group' | 'retry'>,
  nowMs: number,
): readonly RolloutState[] {
  switch (name) {
    case 'approve':
      return ['ready', ...listStartStates(rollout, nowMs)];
    case 'deny':
      return ['approval_denied'];
    case 'start':
      return rollout.state === 'ready' && (rollout.startAtMs ?? 0) > nowMs ? ['scheduled'] : ['running'];
    case 'pause':
      return ['paused'];
    case 'resume':
      return ['running'];
    case 'stop':
      return rollout.state === 'running' || rollout.state === 'paused' ? ['stopping'] : ['stopped'];
    case 'rollback':
      return ['rolling_back'];
  }
}

/** Of a rollout that has just become ready: it starts by itself at its time, or at once when it was made so. */
export function listStartStates(
  { startAtMs, startsItself }: Pick<RolloutRecord, 'startAtMs' | 'startsItself'>,
  nowMs: number,
): readonly RolloutState[] {
  if (startAtMs !== undefined) return startAtMs > nowMs ? ['scheduled'] : ['running'];
  return startsItself ? ['running'] : [];
}

function describe({ name, by, note }: RolloutAction, excused: readonly RolloutMember[]): string {
  const done = `${name} by ${by}`;
  const failures = excused.length === 0 ? '' : `, ${excused.length} failures excused`;
  return `${done}${failures}${note === undefined ? '' : `: ${note}`}`;
}

/** Failures so far count no more: a person saw them, and lets the rollout go on. */
function excuse({ rollout, members }: LiveRollout): readonly RolloutMember[] {
  return [...members.values()]
    .filter((member) => member.attempts > 0 && !member.isExcused)
    .filter((member) => rollout.policy.failureTypes.includes(stateOf(member) as FailureType))
    .map((member) => ({ ...member, isExcused: true }));
}

/** The next group begins without waiting for this one; its devices go on. */
function skipGroup(live: LiveRollout, action: RolloutAction, nowMs: number): ActionVerdict {
  const current = live.groups.find(({ state }) => state !== 'finished');
  if (current === undefined || current.state === 'scheduled') {
    return refuse(`no group of ${live.rollout.name} is under way`);
  }
  const members = excuse(live);
  const why = describe(action, members);
  const entry = { atMs: nowMs, actor: action.by, subject: 'group', to: 'finished' } as const;
  return done(live.rollout, {
    groups: [moveGroup(current, 'finished', nowMs)],
    members,
    journal: [{ ...entry, group: current.index + 1, why }],
  });
}

/** Who came to an end that is no success is as if never ordered; the order then lifts the quarantine. */
function retry(live: LiveRollout, action: RolloutAction, nowMs: number): ActionVerdict {
  const { group, devices, by } = action;
  const wanted = devices && new Set(devices);
  const again = [...live.members.values()].filter(
    (member) =>
      isRetriable(member) &&
      (group === undefined || member.group === group - 1) &&
      (wanted?.has(member.deviceId) ?? true),
  );
  if (again.length === 0) return refuse('no device is at an end from which it can be tried again');
  const why = describe(action, []);
  const entry = { atMs: nowMs, actor: by, subject: 'device', to: 'pending', why } as const;
  return done(live.rollout, {
    members: again.map(forget),
    journal: again.map((member) => ({ ...entry, deviceId: member.deviceId, group: member.group + 1 })),
  });
}

function isRetriable(member: RolloutMember): boolean {
  const state = stateOf(member);
  const isOver = isTerminal(DEPLOYMENT_LIFECYCLE, state);
  return isOver && !hasSucceeded({ state }) && member.restoreAttempts === 0;
}

function forget(member: RolloutMember): RolloutMember {
  const { deploymentId: _id, orderedAtMs: _at, progress: _progress, end: _end, ...rest } = member;
  return { ...rest, attempts: 0, isRetried: true, isExcused: false };
}
