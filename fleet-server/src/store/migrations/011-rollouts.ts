import type { Kysely } from 'kysely';

/** Campaigns: their groups, their devices, each of their transitions, and who of several servers leads them. */
export async function rollouts(db: Kysely<unknown>): Promise<void> {
  await createRollouts(db);
  await createMembers(db);
  await db.schema
    .createTable('rollout_journal')
    .addColumn('rollout_id', 'text', (column) => column.notNull().references('rollouts.id'))
    .addColumn('seq', 'integer', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('group_index', 'integer')
    .addColumn('device_id', 'text')
    .addColumn('to_state', 'text', (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('rollout_journal_key', ['rollout_id', 'seq'])
    .execute();
  await db.schema
    .createTable('leases')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}

async function createRollouts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('rollouts')
    .addColumn('row_id', 'integer', (column) => column.primaryKey())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('bundle_digest', 'text', (column) => column.notNull().references('bundles.digest'))
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('filter', 'text')
    .addColumn('policy', 'text', (column) => column.notNull())
    .addColumn('group_plan', 'text', (column) => column.notNull())
    .addColumn('seed', 'text', (column) => column.notNull())
    .addColumn('priority', 'integer', (column) => column.notNull())
    .addColumn('requires_approval', 'integer', (column) => column.notNull())
    .addColumn('starts_itself', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('start_at_ms', 'bigint')
    .addColumn('started_at_ms', 'bigint')
    .addColumn('rolling_back_since_ms', 'bigint')
    .addColumn('ended_at_ms', 'bigint')
    .addColumn('revision', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('rollouts_state').on('rollouts').column('state').execute();
  await db.schema
    .createTable('rollout_groups')
    .addColumn('rollout_id', 'text', (column) => column.notNull().references('rollouts.id'))
    .addColumn('group_index', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('soaking_since_ms', 'bigint')
    .addPrimaryKeyConstraint('rollout_groups_key', ['rollout_id', 'group_index'])
    .execute();
}

async function createMembers(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('rollout_members')
    .addColumn('rollout_id', 'text', (column) => column.notNull().references('rollouts.id'))
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('group_index', 'integer', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('retried', 'integer', (column) => column.notNull())
    .addColumn('excused', 'integer', (column) => column.notNull())
    .addColumn('deployment_id', 'text')
    .addColumn('ordered_at_ms', 'bigint')
    .addColumn('end_state', 'text')
    .addColumn('end_reason', 'text')
    .addColumn('end_detail', 'text')
    .addColumn('previous_digest', 'text')
    .addColumn('restore_attempts', 'integer', (column) => column.notNull())
    .addColumn('restore_id', 'text')
    .addColumn('restore_ordered_at_ms', 'bigint')
    .addColumn('restore_end_state', 'text')
    .addColumn('restore_end_reason', 'text')
    .addColumn('restore_end_detail', 'text')
    .addPrimaryKeyConstraint('rollout_members_key', ['rollout_id', 'device_id'])
    .execute();
  await db.schema
    .createIndex('rollout_members_position')
    .on('rollout_members')
    .columns(['rollout_id', 'position'])
    .execute();
}
