import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { type Selectable, sql } from 'kysely';
import type {
  RolloutMember,
  RolloutMemberQuery,
  RolloutProgress,
  RolloutStanding,
} from './rollout-records.ts';
import { toMember } from './rollout-rows.ts';
import type { Db, DeploymentRow } from './schema.ts';

/** A member stands where its deployment stands; before the first order, where the server put it. */
function selectStandings(db: Db) {
  return db
    .selectFrom('rollout_members as m')
    .leftJoin('deployments as d', 'd.id', 'm.deployment_id')
    .leftJoin('deployments as r', 'r.id', 'm.restore_id');
}

export async function readMembers(db: Db, query: RolloutMemberQuery): Promise<readonly RolloutMember[]> {
  let select = selectStandings(db)
    .selectAll('m')
    .select([
      'd.state as own_state',
      'd.reason as own_reason',
      'd.detail as own_detail',
      'd.updated_at_ms as own_at_ms',
      'r.state as back_state',
      'r.reason as back_reason',
      'r.detail as back_detail',
      'r.updated_at_ms as back_at_ms',
    ])
    .where('m.rollout_id', '=', query.rolloutId)
    .where('m.position', '>', query.after)
    .orderBy('m.position')
    .limit(query.limit);
  if (query.group !== undefined) select = select.where('m.group_index', '=', query.group);
  if (query.state !== undefined) {
    const { state } = query;
    select = select.where(({ fn, val, eb }) =>
      eb(fn.coalesce('d.state', 'm.end_state', val('pending')), '=', state),
    );
  }
  const rows = await select.execute();
  return rows.map((row) => {
    const progress = toProgress(row.own_state, row.own_reason, row.own_detail, row.own_at_ms);
    const restoreProgress = toProgress(row.back_state, row.back_reason, row.back_detail, row.back_at_ms);
    return {
      ...toMember(row),
      ...(progress !== undefined && { progress }),
      ...(restoreProgress !== undefined && { restoreProgress }),
    };
  });
}

type Progress = Selectable<DeploymentRow>;

function toProgress(
  state: Progress['state'] | null,
  reason: string | null,
  detail: string | null,
  updatedAtMs: number | null,
): RolloutProgress | undefined {
  if (state === null || updatedAtMs === null) return undefined;
  return { state, updatedAtMs, ...(reason !== null && { reason }), ...(detail !== null && { detail }) };
}

/** The ids are one value: there may be more of them than a statement has room for. */
export async function readWhoStands(
  db: Db,
  rolloutId: string,
  deviceIds: readonly string[],
  states: readonly DeploymentState[],
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('rollout_members as m')
    .innerJoin('deployments as d', 'd.id', 'm.deployment_id')
    .select('m.device_id')
    .where('m.rollout_id', '=', rolloutId)
    .where('m.device_id', 'in', sql<string>`(select value from json_each(${JSON.stringify(deviceIds)}))`)
    .where('d.state', 'in', states)
    .orderBy('m.device_id')
    .execute();
  return rows.map(({ device_id }) => device_id);
}

export async function readStandings(db: Db, rolloutId: string): Promise<readonly RolloutStanding[]> {
  const rows = await selectStandings(db)
    .select(({ fn, val, eb }) => [
      'm.group_index as place',
      fn.coalesce('d.state', 'm.end_state', val('pending')).as('standing'),
      'm.excused as is_excused',
      eb.case().when('d.id', 'is', null).then(0).else(1).end().as('is_ordered'),
      fn.coalesce('r.state', 'm.restore_end_state').as('back_standing'),
      fn.countAll<number>().as('devices'),
    ])
    .where('m.rollout_id', '=', rolloutId)
    .groupBy(['place', 'standing', 'is_excused', 'is_ordered', 'back_standing'])
    .execute();
  return rows.map((row) => ({
    group: row.place,
    state: row.standing as RolloutStanding['state'],
    isOrdered: row.is_ordered === 1,
    isExcused: row.is_excused === 1,
    ...(row.back_standing !== null && { restoreState: row.back_standing as RolloutStanding['state'] }),
    devices: Number(row.devices),
  }));
}
