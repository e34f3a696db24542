import { attempt } from './attempt.ts';
import type { CertificateRecord, CertificateStore, DeviceRecord } from './port.ts';
import type { Db, Tx } from './schema.ts';

export function createCertificateStore(db: Db): CertificateStore {
  return {
    add: (certificate) =>
      attempt('add a certificate', async () => {
        const { serial, deviceId, fingerprint, notBeforeMs, notAfterMs } = certificate;
        await db
          .insertInto('device_certificates')
          .values({
            serial,
            device_id: deviceId,
            fingerprint,
            not_before_ms: notBeforeMs,
            not_after_ms: notAfterMs,
            revoked_at_ms: null,
          })
          .execute();
      }),
    list: (deviceId) => attempt('list the certificates of a device', () => list(db, deviceId)),
    isRevoked: ({ serial, fingerprint }) =>
      attempt('look for a revocation', async () => {
        const key = await db
          .selectFrom('revoked_keys')
          .select('fingerprint')
          .where('fingerprint', '=', fingerprint)
          .executeTakeFirst();
        if (key !== undefined || serial === undefined) return key !== undefined;
        const row = await db
          .selectFrom('device_certificates')
          .select('serial')
          .where('serial', '=', serial)
          .where('revoked_at_ms', 'is not', null)
          .executeTakeFirst();
        return row !== undefined;
      }),
    revoke: (device, atMs) =>
      attempt('revoke the certificates of a device', () =>
        db.transaction().execute((tx) => revoke(tx, device, atMs)),
      ),
  };
}

async function list(db: Db, deviceId: string): Promise<readonly CertificateRecord[]> {
  const rows = await db
    .selectFrom('device_certificates')
    .selectAll()
    .where('device_id', '=', deviceId)
    .orderBy('not_before_ms', 'desc')
    .execute();
  return rows.map((row) => ({
    serial: row.serial,
    deviceId: row.device_id,
    fingerprint: row.fingerprint,
    notBeforeMs: row.not_before_ms,
    notAfterMs: row.not_after_ms,
    ...(row.revoked_at_ms === null ? {} : { revokedAtMs: row.revoked_at_ms }),
  }));
}

async function revoke(
  tx: Tx,
  { id, fingerprint }: Pick<DeviceRecord, 'id' | 'fingerprint'>,
  atMs: number,
): Promise<number> {
  await tx
    .insertInto('revoked_keys')
    .values({ fingerprint, device_id: id, revoked_at_ms: atMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { numUpdatedRows } = await tx
    .updateTable('device_certificates')
    .set({ revoked_at_ms: atMs })
    .where('device_id', '=', id)
    .where('revoked_at_ms', 'is', null)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
