import type { DeviceRecord } from '@watchpost/fleet-server/store/port.ts';
import type { DeviceMetadataRow, DeviceRow } from '@watchpost/fleet-server/store/schema.ts';
import type { DeviceMetadata } from '@watchpost/shared/api/targeting.ts';
import Database from 'better-sqlite3';

export interface SeededDevice {
  readonly record: DeviceRecord;
  readonly metadata: DeviceMetadata;
}

/** Adds devices to the database of a server that does not run, in one transaction: its store makes one for each. */
export function addDevices(path: string, devices: Iterable<SeededDevice>): void {
  const db = new Database(path);
  try {
    const addDevice = db.prepare<DeviceRow>(
      `INSERT INTO devices
       (id, fleet, state, public_key, fingerprint, secret_sha256, hardware, enrolled_at_ms)
       VALUES (@id, @fleet, @state, @public_key, @fingerprint, @secret_sha256, @hardware,
       @enrolled_at_ms)`,
    );
    const addMetadata = db.prepare<DeviceMetadataRow>(
      'INSERT INTO device_metadata (device_id, site, tags, attrs) VALUES (@device_id, @site, @tags, @attrs)',
    );
    const addAll = db.transaction(() => {
      for (const { record, metadata } of devices) {
        addDevice.run(toDeviceRow(record));
        addMetadata.run(toMetadataRow(record.id, metadata));
      }
    });
    addAll();
  } finally {
    db.close();
  }
}

const toDeviceRow = (record: DeviceRecord): DeviceRow => ({
  id: record.id,
  fleet: record.fleet,
  state: record.state,
  public_key: record.publicKey,
  fingerprint: record.fingerprint,
  secret_sha256: record.secretSha256,
  hardware: JSON.stringify(record.hardware),
  enrolled_at_ms: record.enrolledAtMs,
});

const toMetadataRow = (deviceId: string, { site, tags, attrs }: DeviceMetadata): DeviceMetadataRow => ({
  device_id: deviceId,
  site: site ?? null,
  tags: JSON.stringify(tags),
  attrs: JSON.stringify(attrs),
});
