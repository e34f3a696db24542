import { attempt } from './attempt.ts';
import type { DeviceRecord, DeviceStore, TokenRecord } from './port.ts';
import type { Db, DeviceRow, TokenRow, Tx } from './schema.ts';

export function createDeviceStore(db: Db): DeviceStore {
  return {
    find: (id) =>
      attempt('read a device', async () => {
        const row = await db.selectFrom('devices').selectAll().where('id', '=', id).executeTakeFirst();
        return row && toDevice(row);
      }),
    list: () =>
      attempt('list the devices', async () => {
        const rows = await db.selectFrom('devices').selectAll().orderBy('id').execute();
        return rows.map(toDevice);
      }),
    save: (device) => attempt('write a device', () => save(db, device)),
    addToken: (token) =>
      attempt('add an enrolment token', async () => {
        await db.insertInto('enrolment_tokens').values(fromToken(token)).execute();
      }),
    findToken: (tokenSha256) =>
      attempt('read an enrolment token', async () => {
        const row = await db
          .selectFrom('enrolment_tokens')
          .selectAll()
          .where('token_sha256', '=', tokenSha256)
          .executeTakeFirst();
        return row && toToken(row);
      }),
    enrol: (device, tokenSha256) =>
      attempt('enrol a device', () => db.transaction().execute((tx) => enrol(tx, device, tokenSha256))),
  };
}

async function enrol(tx: Tx, device: DeviceRecord, tokenSha256: string): Promise<boolean> {
  const token = await tx
    .selectFrom('enrolment_tokens')
    .leftJoin('devices', 'devices.id', 'enrolment_tokens.used_by')
    .select(['used_by', 'fingerprint'])
    .where('token_sha256', '=', tokenSha256)
    .executeTakeFirst();
  if (token === undefined) return false;
  const isOwn = token.used_by === device.id && token.fingerprint === device.fingerprint;
  if (token.used_by !== null && !isOwn) return false;
  await tx
    .updateTable('enrolment_tokens')
    .set({ used_by: device.id })
    .where('token_sha256', '=', tokenSha256)
    .execute();
  await save(tx, device);
  return true;
}

async function save(db: Db, device: DeviceRecord): Promise<void> {
  const { id, ...rest } = fromDevice(device);
  await db
    .insertInto('devices')
    .values({ id, ...rest })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
    .execute();
}

const fromDevice = (device: DeviceRecord): DeviceRow => ({
  id: device.id,
  fleet: device.fleet,
  state: device.state,
  public_key: device.publicKey,
  fingerprint: device.fingerprint,
  secret_sha256: device.secretSha256,
  hardware: JSON.stringify(device.hardware),
  enrolled_at_ms: device.enrolledAtMs,
});

const toDevice = (row: DeviceRow): DeviceRecord => ({
  id: row.id,
  fleet: row.fleet,
  state: row.state,
  publicKey: row.public_key,
  fingerprint: row.fingerprint,
  secretSha256: row.secret_sha256,
  hardware: JSON.parse(row.hardware) as DeviceRecord['hardware'],
  enrolledAtMs: row.enrolled_at_ms,
});

const fromToken = (token: TokenRecord): TokenRow => ({
  token_sha256: token.tokenSha256,
  created_at_ms: token.createdAtMs,
  expires_at_ms: token.expiresAtMs,
  used_by: token.usedBy ?? null,
});

const toToken = (row: TokenRow): TokenRecord => ({
  tokenSha256: row.token_sha256,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  ...(row.used_by === null ? {} : { usedBy: row.used_by }),
});
