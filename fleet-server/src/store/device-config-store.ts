import type { FleetSettings } from '@watchpost/shared/config/fleet-settings.ts';
import { sql } from 'kysely';
import { attempt } from './attempt.ts';
import type { DeviceConfigRecord, DeviceConfigStore } from './port.ts';
import type { Db, DeviceConfigRow } from './schema.ts';

export function createDeviceConfigStore(db: Db): DeviceConfigStore {
  return {
    add: ({ deviceId, settings, actor, atMs }, above) =>
      attempt('add settings of a device', async () => {
        const row = await db
          .insertInto('device_configs')
          .values((inner) => ({
            device_id: deviceId,
            version: inner
              .selectFrom('device_configs')
              .select(sql<number>`max(coalesce(max(version), 0), ${above}) + 1`.as('version'))
              .where('device_id', '=', deviceId),
            settings: JSON.stringify(settings),
            actor,
            at_ms: atMs,
          }))
          .returningAll()
          .executeTakeFirstOrThrow();
        return toRecord(row);
      }),
    list: (deviceId, limit) =>
      attempt('list settings of a device', async () => {
        const rows = await db
          .selectFrom('device_configs')
          .selectAll()
          .where('device_id', '=', deviceId)
          .orderBy('version', 'desc')
          .limit(limit)
          .execute();
        return rows.map(toRecord);
      }),
    latestOfAll: () =>
      attempt('list settings of devices', async () => {
        const rows = await db
          .selectFrom('device_configs as config')
          .selectAll()
          .where('version', '=', (inner) =>
            inner
              .selectFrom('device_configs as other')
              .select(({ fn }) => fn.max('other.version').as('newest'))
              .whereRef('other.device_id', '=', 'config.device_id'),
          )
          .orderBy('device_id')
          .execute();
        return rows.map(toRecord);
      }),
  };
}

const toRecord = (row: DeviceConfigRow): DeviceConfigRecord => ({
  deviceId: row.device_id,
  version: row.version,
  settings: JSON.parse(row.settings) as FleetSettings,
  actor: row.actor,
  atMs: row.at_ms,
});
