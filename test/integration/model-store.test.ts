import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Store } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { bundleRecord } from '../support/fleet-data.ts';

let folder = '';
let store: Store;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-models-'));
  store = await openSqliteStore(join(folder, 'fleet.db'));
});
after(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const VALIDATED = { from: 'draft', to: 'validated', by: 'server', reason: 'checks passed', atMs: 5 } as const;
const VALIDATION = { passed: true, atMs: 5, checks: [], variants: [], warnings: [] };
const APPROVAL = { decision: 'approve', report: 'looks good', by: 'quality', atMs: 6 } as const;

test('the author and the release of a version are kept', async () => {
  const bundle = { ...bundleRecord('1.0.0', 'kept'), pushedBy: 'anna', releasedAtMs: 9 };
  await store.bundles.add(bundle);
  assert.deepEqual(await store.bundles.find(bundle.digest), bundle);
});

test('a version moves with its reason, once', async () => {
  const { digest } = bundleRecord('1.0.0', 'moving');
  await store.bundles.add({ ...bundleRecord('1.0.0', 'moving'), state: 'draft' });
  assert.equal(await store.models.settle(digest, VALIDATION, VALIDATED), true);
  assert.equal(await store.models.settle(digest, VALIDATION, VALIDATED), false);
  const certified = {
    from: 'validated',
    to: 'certified',
    by: 'quality',
    reason: 'approved',
    atMs: 6,
  } as const;
  await store.models.settle(digest, APPROVAL, certified);
  const released = { from: 'certified', to: 'released', by: 'anna', reason: '', atMs: 7 } as const;
  assert.equal(await store.models.move(digest, released), true);
  assert.deepEqual(await store.models.transitions(digest), [VALIDATED, certified, released]);
  assert.deepEqual(await store.models.certifications(digest), [APPROVAL]);
  assert.deepEqual(await store.models.latestValidation(digest), VALIDATION);
  const record = await store.bundles.find(digest);
  assert.deepEqual([record?.state, record?.releasedAtMs], ['released', 7]);
});

test('a decision that leads nowhere is kept as well', async () => {
  const bundle = { ...bundleRecord('2.0.0', 'rejected'), state: 'draft' } as const;
  await store.bundles.add(bundle);
  const rejection = { ...APPROVAL, decision: 'reject' } as const;
  assert.equal(await store.models.settle(bundle.digest, rejection, undefined), true);
  assert.deepEqual(await store.models.certifications(bundle.digest), [rejection]);
  assert.equal((await store.bundles.find(bundle.digest))?.state, 'draft');
});

test('every move of an alias is kept', async () => {
  const first = { alias: 'champion', to: '1.0.0', by: 'anna', atMs: 1 } as const;
  const second = { alias: 'champion', from: '1.0.0', by: 'bert', atMs: 2 } as const;
  await store.models.addAliasChange('pets', first);
  await store.models.addAliasChange('pets', second);
  assert.deepEqual(
    (await store.models.aliasChanges()).map(({ change }) => change),
    [first, second],
  );
});
