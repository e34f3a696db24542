import type { GroupPlan, RolloutJournalEntry } from '@watchpost/shared/api/rollouts.ts';
import type { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import type { Selectable } from 'kysely';
import type {
  GivenEnd,
  RolloutGroupRecord,
  RolloutJournalDraft,
  RolloutMemberRecord,
  RolloutRecord,
} from './rollout-records.ts';
import type { RolloutGroupRow, RolloutJournalRow, RolloutMemberRow, RolloutRow } from './rollout-tables.ts';

export const fromRollout = (rollout: RolloutRecord): Omit<RolloutRow, 'row_id'> => ({
  id: rollout.id,
  name: rollout.name,
  bundle_digest: rollout.bundleDigest,
  model: rollout.model,
  version: rollout.version,
  filter: rollout.filter ?? null,
  policy: JSON.stringify(rollout.policy),
  group_plan: JSON.stringify(rollout.groupPlan),
  seed: rollout.seed,
  priority: rollout.priority,
  requires_approval: Number(rollout.requiresApproval),
  starts_itself: Number(rollout.startsItself),
  state: rollout.state,
  why: rollout.why,
  created_by: rollout.createdBy,
  created_at_ms: rollout.createdAtMs,
  start_at_ms: rollout.startAtMs ?? null,
  started_at_ms: rollout.startedAtMs ?? null,
  rolling_back_since_ms: rollout.rollingBackSinceMs ?? null,
  ended_at_ms: rollout.endedAtMs ?? null,
  revision: rollout.revision,
});

export const toRollout = (row: Selectable<RolloutRow>): RolloutRecord => ({
  id: row.id,
  name: row.name,
  bundleDigest: row.bundle_digest,
  model: row.model,
  version: row.version,
  ...(row.filter !== null && { filter: row.filter }),
  policy: JSON.parse(row.policy) as RolloutPolicy,
  groupPlan: JSON.parse(row.group_plan) as GroupPlan,
  seed: row.seed,
  priority: row.priority,
  requiresApproval: row.requires_approval === 1,
  startsItself: row.starts_itself === 1,
  state: row.state,
  why: row.why,
  createdBy: row.created_by,
  createdAtMs: row.created_at_ms,
  ...(row.start_at_ms !== null && { startAtMs: row.start_at_ms }),
  ...(row.started_at_ms !== null && { startedAtMs: row.started_at_ms }),
  ...(row.rolling_back_since_ms !== null && { rollingBackSinceMs: row.rolling_back_since_ms }),
  ...(row.ended_at_ms !== null && { endedAtMs: row.ended_at_ms }),
  revision: row.revision,
});

export const fromGroup = (
  rollout_id: string,
  { index, name, state, soakingSinceMs }: RolloutGroupRecord,
): RolloutGroupRow => ({
  rollout_id,
  group_index: index,
  name,
  state,
  soaking_since_ms: soakingSinceMs ?? null,
});

export const toGroup = (row: RolloutGroupRow): RolloutGroupRecord => ({
  index: row.group_index,
  name: row.name,
  state: row.state,
  ...(row.soaking_since_ms !== null && { soakingSinceMs: row.soaking_since_ms }),
});

export const fromMember = (rollout_id: string, member: RolloutMemberRecord): RolloutMemberRow => ({
  rollout_id,
  device_id: member.deviceId,
  group_index: member.group,
  position: member.position,
  attempts: member.attempts,
  retried: Number(member.isRetried),
  excused: Number(member.isExcused),
  deployment_id: member.deploymentId ?? null,
  ordered_at_ms: member.orderedAtMs ?? null,
  end_state: member.end?.state ?? null,
  end_reason: member.end?.reason ?? null,
  end_detail: member.end?.detail ?? null,
  previous_digest: member.previousDigest ?? null,
  restore_attempts: member.restoreAttempts,
  restore_id: member.restoreId ?? null,
  restore_ordered_at_ms: member.restoreOrderedAtMs ?? null,
  restore_end_state: member.restoreEnd?.state ?? null,
  restore_end_reason: member.restoreEnd?.reason ?? null,
  restore_end_detail: member.restoreEnd?.detail ?? null,
});

export function toMember(row: RolloutMemberRow): RolloutMemberRecord {
  const end = toEnd(row.end_state, row.end_reason, row.end_detail);
  const restoreEnd = toEnd(row.restore_end_state, row.restore_end_reason, row.restore_end_detail);
  return {
    deviceId: row.device_id,
    group: row.group_index,
    position: row.position,
    attempts: row.attempts,
    isRetried: row.retried === 1,
    isExcused: row.excused === 1,
    ...(row.deployment_id !== null && { deploymentId: row.deployment_id }),
    ...(row.ordered_at_ms !== null && { orderedAtMs: row.ordered_at_ms }),
    ...(end !== undefined && { end }),
    ...(row.previous_digest !== null && { previousDigest: row.previous_digest }),
    restoreAttempts: row.restore_attempts,
    ...(row.restore_id !== null && { restoreId: row.restore_id }),
    ...(row.restore_ordered_at_ms !== null && { restoreOrderedAtMs: row.restore_ordered_at_ms }),
    ...(restoreEnd !== undefined && { restoreEnd }),
  };
}

function toEnd(
  state: GivenEnd['state'] | null,
  reason: string | null,
  detail: string | null,
): GivenEnd | undefined {
  return state === null ? undefined : { state, reason: reason ?? '', detail: detail ?? '' };
}

export const fromEntry = (
  rollout_id: string,
  seq: number,
  { atMs, actor, subject, group, deviceId, to, why }: RolloutJournalDraft,
): RolloutJournalRow => ({
  rollout_id,
  seq,
  at_ms: atMs,
  actor,
  subject,
  group_index: group ?? null,
  device_id: deviceId ?? null,
  to_state: to,
  why,
});

export const toEntry = (row: RolloutJournalRow): RolloutJournalEntry => ({
  seq: row.seq,
  atMs: row.at_ms,
  actor: row.actor,
  subject: row.subject,
  ...(row.group_index !== null && { group: row.group_index }),
  ...(row.device_id !== null && { deviceId: row.device_id }),
  to: row.to_state,
  why: row.why,
});
