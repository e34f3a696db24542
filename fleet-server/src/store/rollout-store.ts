import { DEPLOYMENT_LIFECYCLE, DEPLOYMENT_STATES } from '@watchpost/shared/lifecycle/deployment.ts';
import { isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import { attempt } from './attempt.ts';
import { fromDeployment } from './deployment-rows.ts';
import { readMembers, readStandings, readWhoStands } from './rollout-members.ts';
import type { RolloutChange, RolloutJournalDraft, RolloutStore, RolloutWhole } from './rollout-records.ts';
import {
  fromEntry,
  fromGroup,
  fromMember,
  fromRollout,
  toEntry,
  toGroup,
  toRollout,
} from './rollout-rows.ts';
import type { Db, Tx } from './schema.ts';

/** Rows of one statement: below the variables SQLite takes. */
const CHUNK = 500;
const ENDS = DEPLOYMENT_STATES.filter((state) => isTerminal(DEPLOYMENT_LIFECYCLE, state));

export function createRolloutStore(db: Db): RolloutStore {
  const selectRollouts = () => db.selectFrom('rollouts').selectAll();
  const listGroups = async (id: string) => {
    const rows = await db
      .selectFrom('rollout_groups')
      .selectAll()
      .where('rollout_id', '=', id)
      .orderBy('group_index')
      .execute();
    return rows.map(toGroup);
  };
  const find: RolloutStore['find'] = async (id) => {
    const row = await selectRollouts().where('id', '=', id).executeTakeFirst();
    return row && toRollout(row);
  };
  return {
    add: (whole, journal) =>
      attempt('add a rollout', () => db.transaction().execute((tx) => add(tx, whole, journal))),
    find: (id) => attempt('read a rollout', () => find(id)),
    list: ({ before, limit }) =>
      attempt('list rollouts', async () => {
        let select = selectRollouts()
          .orderBy('row_id', 'desc')
          .limit(limit + 1);
        if (before !== undefined) select = select.where('row_id', '<', before);
        const rows = await select.execute();
        const next = rows.length > limit ? rows[limit - 1]?.row_id : undefined;
        return { rollouts: rows.slice(0, limit).map(toRollout), ...(next !== undefined && { next }) };
      }),
    listIn: (states) =>
      attempt('list rollouts', async () => {
        const rows = await selectRollouts().where('state', 'in', states).orderBy('row_id').execute();
        return rows.map(toRollout);
      }),
    finishedSince: (sinceMs) =>
      attempt('list finished rollouts', async () => {
        const rows = await selectRollouts()
          .where('state', '=', 'finished')
          .where('ended_at_ms', '>', sinceMs)
          .orderBy('row_id')
          .execute();
        return rows.map(toRollout);
      }),
    groups: (id) => attempt('read the groups of a rollout', () => listGroups(id)),
    load: (id) =>
      attempt('read a rollout', async () => {
        const rollout = await find(id);
        if (rollout === undefined) return undefined;
        const everybody = { rolloutId: id, after: -1, limit: Number.MAX_SAFE_INTEGER };
        return { rollout, groups: await listGroups(id), members: await readMembers(db, everybody) };
      }),
    apply: (change) =>
      attempt('store a step of a rollout', () => db.transaction().execute((tx) => apply(tx, change))),
    members: (query) => attempt('list the devices of a rollout', () => readMembers(db, query)),
    whoStands: (id, deviceIds, states) =>
      attempt('list the devices of a rollout', () => readWhoStands(db, id, deviceIds, states)),
    standings: (id) => attempt('count the devices of a rollout', () => readStandings(db, id)),
    journal: (query) => attempt('list what a rollout did', () => readJournal(db, query)),
    failuresSince: (sinceMs) => attempt('count failures', () => countFailures(db, sinceMs)),
  };
}

async function countFailures(db: Db, sinceMs: number): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('deployments')
    .select(({ fn }) => ['device_id', fn.countAll<number>().as('failures')])
    .where('state', 'in', ['failure', 'rolled_back'])
    .where('updated_at_ms', '>=', sinceMs)
    .groupBy('device_id')
    .execute();
  return new Map(rows.map(({ device_id, failures }) => [device_id, Number(failures)]));
}

async function readJournal(
  db: Db,
  { rolloutId, after, limit }: Parameters<RolloutStore['journal']>[0],
): ReturnType<RolloutStore['journal']> {
  const rows = await db
    .selectFrom('rollout_journal')
    .selectAll()
    .where('rollout_id', '=', rolloutId)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(toEntry);
}

async function add(
  tx: Tx,
  { rollout, groups, members }: RolloutWhole,
  journal: readonly RolloutJournalDraft[],
): Promise<void> {
  await tx.insertInto('rollouts').values(fromRollout(rollout)).execute();
  await writeParts(tx, { rollout, groups, members, deployments: [], ends: [], journal });
}

async function apply(tx: Tx, change: RolloutChange): Promise<boolean> {
  const { rollout, ends } = change;
  const { id, revision } = rollout;
  const { numUpdatedRows } = await tx
    .updateTable('rollouts')
    .set(fromRollout({ ...rollout, revision: revision + 1 }))
    .where('id', '=', id)
    .where('revision', '=', revision)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  for (const { deploymentId, state, reason, detail, atMs } of ends) {
    await tx
      .updateTable('deployments')
      .set({ state, reason, detail, updated_at_ms: atMs })
      .where('id', '=', deploymentId)
      .where('state', 'not in', ENDS)
      .execute();
  }
  await writeParts(tx, change);
  return true;
}

async function writeParts(tx: Tx, change: RolloutChange): Promise<void> {
  const { rollout, groups, members, deployments, journal } = change;
  const { id } = rollout;
  for (const rows of chunk(groups.map((group) => fromGroup(id, group)))) {
    await tx.replaceInto('rollout_groups').values(rows).execute();
  }
  for (const rows of chunk(deployments.map(fromDeployment))) {
    await tx.insertInto('deployments').values(rows).execute();
  }
  for (const rows of chunk(members.map((member) => fromMember(id, member)))) {
    await tx.replaceInto('rollout_members').values(rows).execute();
  }
  const { last } = await tx
    .selectFrom('rollout_journal')
    .select(({ fn }) => fn.max('seq').as('last'))
    .where('rollout_id', '=', id)
    .executeTakeFirstOrThrow();
  const entries = journal.map((entry, index) => fromEntry(id, Number(last ?? 0) + 1 + index, entry));
  for (const rows of chunk(entries)) await tx.insertInto('rollout_journal').values(rows).execute();
}

function chunk<T>(rows: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(rows.length / CHUNK) }, (_, index) =>
    rows.slice(index * CHUNK, (index + 1) * CHUNK),
  );
}
