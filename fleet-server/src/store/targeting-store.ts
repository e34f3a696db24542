import type {
  DeviceGroup,
  DeviceMetadata,
  SavedFilter,
  SavedPolicy,
  Site,
} from '@watchpost/shared/api/targeting.ts';
import { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import { Default } from 'typebox/value';
import { attempt } from './attempt.ts';
import type { DeviceMetadataRecord, TargetingStore } from './port.ts';
import type {
  Db,
  DeviceGroupRow,
  DeviceMetadataRow,
  SavedFilterRow,
  SavedPolicyRow,
  SiteRow,
} from './schema.ts';

type NamedTable = 'sites' | 'device_groups' | 'saved_filters' | 'saved_policies';

export function createTargetingStore(db: Db): TargetingStore {
  return {
    ...sites(db),
    ...metadata(db),
    ...groups(db),
    ...filters(db),
    ...policies(db),
  };
}

const sites = (db: Db): Pick<TargetingStore, 'listSites' | 'saveSite' | 'deleteSite'> => ({
  listSites: () =>
    attempt('list sites', async () =>
      (await db.selectFrom('sites').selectAll().orderBy('id').execute()).map(toSite),
    ),
  saveSite: ({ id, name, timezone, address = null, lat = null, lon = null }) =>
    attempt('save a site', async () => {
      const row = { name, timezone, address, lat, lon };
      await db
        .insertInto('sites')
        .values({ id, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    }),
  deleteSite: (id) => deleteNamed(db, 'sites', id),
});

const metadata = (db: Db): Pick<TargetingStore, 'listMetadata' | 'changeMetadata'> => ({
  listMetadata: () =>
    attempt('list what is said of devices', async () =>
      (await db.selectFrom('device_metadata').selectAll().orderBy('device_id').execute()).map(
        (row): DeviceMetadataRecord => ({ deviceId: row.device_id, ...toMetadata(row) }),
      ),
    ),
  changeMetadata: (deviceId, change) =>
    attempt('change what is said of a device', () =>
      db.transaction().execute(async (tx) => {
        const found = await tx
          .selectFrom('device_metadata')
          .selectAll()
          .where('device_id', '=', deviceId)
          .executeTakeFirst();
        const before = found === undefined ? { tags: [], attrs: {} } : toMetadata(found);
        const after = change(before);
        const { site = null, tags, attrs } = after;
        const row = { site, tags: JSON.stringify(tags), attrs: JSON.stringify(attrs) };
        await tx
          .insertInto('device_metadata')
          .values({ device_id: deviceId, ...row })
          .onConflict((conflict) => conflict.column('device_id').doUpdateSet(row))
          .execute();
        return { before, after };
      }),
    ),
});

const groups = (db: Db): Pick<TargetingStore, 'listGroups' | 'saveGroup' | 'deleteGroup'> => ({
  listGroups: () =>
    attempt('list device groups', async () =>
      (await db.selectFrom('device_groups').selectAll().orderBy('id').execute()).map(toGroup),
    ),
  saveGroup: ({ id, description = null, filter = null, devices }) =>
    attempt('save a device group', async () => {
      const row = { description, filter, devices: devices === undefined ? null : JSON.stringify(devices) };
      await db
        .insertInto('device_groups')
        .values({ id, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    }),
  deleteGroup: (id) => deleteNamed(db, 'device_groups', id),
});

const filters = (db: Db): Pick<TargetingStore, 'listFilters' | 'saveFilter' | 'deleteFilter'> => ({
  listFilters: () =>
    attempt('list saved filters', async () =>
      (await db.selectFrom('saved_filters').selectAll().orderBy('id').execute()).map(toFilter),
    ),
  saveFilter: ({ id, description = null, filter }) =>
    attempt('save a filter', async () => {
      const row = { description, filter };
      await db
        .insertInto('saved_filters')
        .values({ id, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    }),
  deleteFilter: (id) => deleteNamed(db, 'saved_filters', id),
});

const policies = (db: Db): Pick<TargetingStore, 'listPolicies' | 'savePolicy' | 'deletePolicy'> => ({
  listPolicies: () =>
    attempt('list saved policies', async () => {
      const rows = await db.selectFrom('saved_policies').selectAll().orderBy('id').execute();
      return rows.map(toPolicy);
    }),
  savePolicy: ({ id, policy }) =>
    attempt('save a policy', async () => {
      const row = { policy: JSON.stringify(policy) };
      await db
        .insertInto('saved_policies')
        .values({ id, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    }),
  deletePolicy: (id) => deleteNamed(db, 'saved_policies', id),
});

const deleteNamed = (db: Db, table: NamedTable, id: string): Promise<boolean> =>
  attempt(`delete from ${table}`, async () => {
    const { numDeletedRows } = await db.deleteFrom(table).where('id', '=', id).executeTakeFirst();
    return numDeletedRows > 0n;
  });

const toSite = ({ id, name, timezone, address, lat, lon }: SiteRow): Site => ({
  id,
  name,
  timezone,
  ...(address !== null && { address }),
  ...(lat !== null && { lat }),
  ...(lon !== null && { lon }),
});

const toMetadata = ({ site, tags, attrs }: DeviceMetadataRow): DeviceMetadata => ({
  ...(site !== null && { site }),
  tags: JSON.parse(tags) as DeviceMetadata['tags'],
  attrs: JSON.parse(attrs) as DeviceMetadata['attrs'],
});

const toGroup = ({ id, description, filter, devices }: DeviceGroupRow): DeviceGroup => ({
  id,
  ...(description !== null && { description }),
  ...(filter !== null && { filter }),
  ...(devices !== null && { devices: JSON.parse(devices) as NonNullable<DeviceGroup['devices']> }),
});

const toFilter = ({ id, description, filter }: SavedFilterRow): SavedFilter => ({
  id,
  filter,
  ...(description !== null && { description }),
});

/** A key that the policy did not know when it was saved has its default. */
const toPolicy = ({ id, policy }: SavedPolicyRow): SavedPolicy => ({
  id,
  policy: Default(RolloutPolicy, JSON.parse(policy)) as RolloutPolicy,
});
