import type { RolloutJournalEntry } from '@watchpost/shared/api/rollouts.ts';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { Generated } from 'kysely';
import type { RolloutGroupRecord, RolloutRecord } from './rollout-records.ts';

/** `policy` and `group_plan` are JSON; `requires_approval` and the like are 0 or 1. */
export interface RolloutRow {
  row_id: Generated<number>;
  id: string;
  name: string;
  bundle_digest: string;
  model: string;
  version: string;
  filter: string | null;
  policy: string;
  group_plan: string;
  seed: string;
  priority: number;
  requires_approval: number;
  starts_itself: number;
  state: RolloutRecord['state'];
  why: string;
  created_by: string;
  created_at_ms: number;
  start_at_ms: number | null;
  started_at_ms: number | null;
  rolling_back_since_ms: number | null;
  ended_at_ms: number | null;
  revision: number;
}

export interface RolloutGroupRow {
  rollout_id: string;
  group_index: number;
  name: string;
  state: RolloutGroupRecord['state'];
  soaking_since_ms: number | null;
}

export interface RolloutMemberRow {
  rollout_id: string;
  device_id: string;
  group_index: number;
  position: number;
  attempts: number;
  retried: number;
  excused: number;
  deployment_id: string | null;
  ordered_at_ms: number | null;
  end_state: DeploymentState | null;
  end_reason: string | null;
  end_detail: string | null;
  previous_digest: string | null;
  restore_attempts: number;
  restore_id: string | null;
  restore_ordered_at_ms: number | null;
  restore_end_state: DeploymentState | null;
  restore_end_reason: string | null;
  restore_end_detail: string | null;
}

export interface RolloutJournalRow {
  rollout_id: string;
  seq: number;
  at_ms: number;
  actor: string;
  subject: RolloutJournalEntry['subject'];
  group_index: number | null;
  device_id: string | null;
  to_state: string;
  why: string;
}

export interface LeaseRow {
  name: string;
  owner: string;
  expires_at_ms: number;
}

export type RolloutTables = {
  rollouts: RolloutRow;
  rollout_groups: RolloutGroupRow;
  rollout_members: RolloutMemberRow;
  rollout_journal: RolloutJournalRow;
  leases: LeaseRow;
};
