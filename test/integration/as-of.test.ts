import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createAuditLog } from '../../fleet-server/src/audit/audit-log.ts';
import { createModels, type Models } from '../../fleet-server/src/registry/models.ts';
import type { Store } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { bundleRecord, changeMessage, deploymentRecord, deviceRecord } from '../support/fleet-data.ts';
import { createMemoryBlobs } from '../support/memory-blobs.ts';

let folder = '';
let store: Store;
let models: Models;
let nowMs = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-as-of-'));
  store = await openSqliteStore(join(folder, 'fleet.db'));
  models = createModels({
    store,
    blobs: createMemoryBlobs({ maxBytes: 1 }),
    audit: createAuditLog({ store: store.audit, nowMs: () => nowMs }),
    trust: {
      listTargets: async () => undefined,
      changeTarget: () => Promise.reject(new Error('nobody signs here')),
    },
    validator: async () => ({ passed: true, agentVersion: '0.1.0', checks: [], variants: [] }),
    nowMs: () => nowMs,
    log: silentLogger,
  });
  await store.devices.addToken({ tokenSha256: 't', createdAtMs: 1, expiresAtMs: 2 });
  await store.devices.enrol(deviceRecord('box-1'), 't');
});
after(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** A certified and released version that box-1 reports as installed at 1000 + seq. */
async function releaseAndInstall(version: string, seq: number): Promise<string> {
  const bundle = { ...bundleRecord(version), state: 'validated', pushedBy: 'anna' } as const;
  const name = { model: bundle.manifest.model, version };
  await store.bundles.add(bundle);
  nowMs = seq * 10;
  await models.versions.certify(name, 'approve', { report: `checked ${version}`, by: 'quality' });
  nowMs += 1;
  await models.versions.move(name, 'released', { reason: '', by: 'anna' });
  await store.deployments.add(deploymentRecord(`to-${version}`, bundle, { deviceId: 'box-1' }));
  await store.reports.commit([changeMessage(seq, 'success', { deploymentId: `to-${version}` })], 9_000);
  return bundle.digest;
}

test('what ran where, when, certified and released by whom', async () => {
  assert.equal((await models.versions.asOf('box-1', 5_000)).running, undefined);
  const digest = await releaseAndInstall('1.0.0', 1);
  await releaseAndInstall('2.0.0', 50);
  assert.deepEqual(await models.versions.asOf('box-1', 1_000), { deviceId: 'box-1', atMs: 1_000 });
  const { running } = await models.versions.asOf('box-1', 1_049);
  assert.equal(running?.version.digest, digest);
  assert.deepEqual(running?.certified, {
    decision: 'approve',
    report: 'checked 1.0.0',
    by: 'quality',
    atMs: 10,
  });
  assert.deepEqual(running?.released, {
    from: 'certified',
    to: 'released',
    by: 'anna',
    reason: '',
    atMs: 11,
  });
  const { deploymentId, sinceMs, untilMs, reportedAtMs } = running ?? {};
  assert.deepEqual(
    { deploymentId, sinceMs, untilMs, reportedAtMs },
    { deploymentId: 'to-1.0.0', sinceMs: 1_001, untilMs: 1_050, reportedAtMs: 9_000 },
  );
  assert.equal((await models.versions.asOf('box-1', 1_050)).running?.version.version, '2.0.0');
});

test('what happens to the version later changes nothing about who certified it then', async () => {
  await models.versions.move({ model: 'petpark', version: '1.0.0' }, 'withdrawn', {
    reason: 'old',
    by: 'anna',
  });
  const { running } = await models.versions.asOf('box-1', 1_001);
  assert.equal(running?.certified?.by, 'quality');
  assert.equal(running?.version.state, 'withdrawn');
});

test('a version runs from the switch until the rollback, in whatever order the box tells it', async () => {
  const bundle = { ...bundleRecord('3.0.0'), state: 'released' } as const;
  await store.bundles.add(bundle);
  await store.deployments.add(deploymentRecord('to-3.0.0', bundle, { deviceId: 'box-1' }));
  const before = (await models.versions.asOf('box-1', 1_050)).running?.version.digest ?? '';
  const told = { deploymentId: 'to-3.0.0' };
  const findings = {
    switch: { kind: 'switch', framesDropped: 0, tookMs: 4 },
    rollback: { kind: 'rollback', tookMs: 800, digest: before },
  } as const;
  await store.reports.commit(
    [changeMessage(62, 'rolled_back', { ...told, findings: findings.rollback })],
    9_500,
  );
  await store.reports.commit([changeMessage(60, 'testing', { ...told, findings: findings.switch })], 9_600);
  const versionAt = async (atMs: number) => (await models.versions.asOf('box-1', atMs)).running;
  assert.equal((await versionAt(1_059))?.version.version, '2.0.0');
  const { version, sinceMs, untilMs } = (await versionAt(1_060)) ?? {};
  assert.deepEqual([version?.version, sinceMs, untilMs], ['3.0.0', 1_060, 1_062]);
  const back = await versionAt(1_062);
  assert.deepEqual([back?.version.version, back?.sinceMs, back?.deploymentId], ['2.0.0', 1_062, 'to-2.0.0']);
});
