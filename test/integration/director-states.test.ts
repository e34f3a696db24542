import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createDirector } from '../../fleet-server/src/rollouts/director.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { bundleRecord, deviceRecord } from '../support/fleet-data.ts';
import { trustOf } from '../support/test-order.ts';

test('only a version that is released and signed is deployed, and one that was withdrawn or archived no more', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-states-'));
  const store = await openSqliteStore(join(folder, 'fleet.db'));
  t.after(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });
  await store.devices.addToken({ tokenSha256: 't', createdAtMs: 1, expiresAtMs: 2 });
  await store.devices.enrol(deviceRecord('box-1'), 't');
  const released = { ...bundleRecord('3.0.0'), state: 'released' } as const;
  const unsigned = { ...bundleRecord('4.0.0'), state: 'released' } as const;
  const director = createDirector({
    trust: trustOf([released]),
    sign: async () => 'an order',
    store,
    broker: { publish: async () => undefined },
    projection: { setDeployment: () => undefined },
    nowMs: () => 1,
    newId: () => crypto.randomUUID(),
  });
  for (const [version, state] of [
    ['1.0.0', 'withdrawn'],
    ['2.0.0', 'archived'],
  ] as const) {
    const bundle = { ...bundleRecord(version), state };
    await store.bundles.add(bundle);
    await assert.rejects(director.deploy('box-1', bundle.digest), { code: 'VERSION_WITHDRAWN' });
  }
  const draft = { ...bundleRecord('2.5.0'), state: 'draft' } as const;
  await store.bundles.add(draft);
  await assert.rejects(director.deploy('box-1', draft.digest), { code: 'VERSION_STATE' });
  await store.bundles.add(released);
  assert.equal((await director.deploy('box-1', released.digest)).state, 'pending');
  await store.bundles.add(unsigned);
  await assert.rejects(director.deploy('box-1', unsigned.digest), { code: 'VERSION_UNSIGNED' });
});
