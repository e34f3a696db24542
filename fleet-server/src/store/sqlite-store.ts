import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { createAccountStore } from './account-store.ts';
import { createApiTokenStore } from './api-token-store.ts';
import { attempt } from './attempt.ts';
import { createAuditStore } from './audit-store.ts';
import { createBundleStore } from './bundle-store.ts';
import { createCertificateStore } from './certificate-store.ts';
import { createCommandStore } from './command-store.ts';
import { createDeploymentStore } from './deployment-store.ts';
import { createDeviceConfigStore } from './device-config-store.ts';
import { createDeviceStore } from './device-store.ts';
import { createDeviceWindowStore } from './device-window-store.ts';
import { createEvidenceStore } from './evidence-store.ts';
import { createLeaseStore } from './lease-store.ts';
import { migrate } from './migrate.ts';
import { createModelStore } from './model-store.ts';
import type { Store } from './port.ts';
import { createReportStore } from './report-store.ts';
import { createRolloutStore } from './rollout-store.ts';
import type { Tables } from './schema.ts';
import { keepPrepared } from './sqlite-statements.ts';
import { createTargetingStore } from './targeting-store.ts';
import { createTrustStore } from './trust-store.ts';

/** How long a statement waits for another process (a backup, a shell) that holds the file. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens the database file, made when missing, and brings it to the newest schema.
 * @throws AppError STORE_FAILED | STORE_TOO_NEW
 */
export async function openSqliteStore(path: string): Promise<Store> {
  const file = await attempt(`open ${path}`, () => openFile(path));
  try {
    const bare = new Kysely<unknown>({ dialect: new SqliteDialect({ database: file }) });
    await attempt(`bring ${path} to the newest schema`, () => migrate(bare));
  } catch (error) {
    file.close();
    throw error;
  }
  // After the schema has changed for the last time: what is kept prepared knows its columns.
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: keepPrepared(file) }) });
  return {
    devices: createDeviceStore(db),
    certificates: createCertificateStore(db),
    bundles: createBundleStore(db),
    models: createModelStore(db),
    deployments: createDeploymentStore(db),
    deviceConfigs: createDeviceConfigStore(db),
    commands: createCommandStore(db),
    evidence: createEvidenceStore(db),
    deviceWindows: createDeviceWindowStore(db),
    targeting: createTargetingStore(db),
    rollouts: createRolloutStore(db),
    leases: createLeaseStore(db),
    reports: createReportStore(db),
    accounts: createAccountStore(db),
    apiTokens: createApiTokenStore(db),
    trust: createTrustStore(db),
    audit: createAuditStore(db),
    close: async () => {
      // Ends what runs; a connection that was never used is not closed by it.
      await db.destroy();
      file.close();
    },
  };
}

/** `synchronous = FULL`: a receipt promises that the report survives a power cut; NORMAL may lose the last commits. */
async function openFile(path: string): Promise<SqliteDatabase.Database> {
  await mkdir(dirname(path), { recursive: true });
  const file = new SqliteDatabase(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    file.pragma('journal_mode = WAL');
    file.pragma('synchronous = FULL');
    file.pragma('foreign_keys = ON');
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}
