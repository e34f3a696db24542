import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { createAuditLog } from '../../fleet-server/src/audit/audit-log.ts';
import { createFleetView } from '../../fleet-server/src/devices/fleet-view.ts';
import type { Store } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { createTargetBook } from '../../fleet-server/src/targeting/target-book.ts';
import { createTargeting } from '../../fleet-server/src/targeting/targeting.ts';
import { digestOf } from '../../shared/src/kernel/digest.ts';
import type { SelfTestFindings } from '../../shared/src/messages/deployment-findings.ts';
import {
  bundleRecord,
  changeMessage,
  deploymentRecord,
  deviceRecord,
  HARDWARE,
  liveTelemetry,
} from '../support/fleet-data.ts';
import { createManualTime } from '../support/manual-time.ts';
import { rolloutWhole } from '../support/rollout-data.ts';

const ACTOR = { kind: 'user', id: 'olga' } as const;

let folder = '';
let store: Store;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'watchpost-targeting-'));
  store = await openSqliteStore(join(folder, 'fleet.sqlite'));
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** A server that has just started. */
async function start() {
  const time = createManualTime();
  const view = createFleetView({ store, nowMs: time.nowMs, schedule: time.schedule });
  await view.start(new AbortController().signal);
  const { targeting, bundles, deployments } = store;
  const targets = createTargeting({ view, store: targeting, bundles, deployments });
  const audit = createAuditLog({ store: store.audit, nowMs: time.nowMs });
  const book = createTargetBook({
    ...{ store: targeting, rollouts: store.rollouts, view, projection: view, targeting: targets },
    audit,
  });
  return { view, targets, book };
}

async function addBox(id: string, board = HARDWARE.board): Promise<void> {
  await store.devices.save({ ...deviceRecord(id), hardware: { ...HARDWARE, board } });
}

test('what is said of a device is known after a restart, and so is what it is made of and what it ran', async () => {
  await addBox('box-1', 'rpi5');
  await addBox('box-2');
  await store.devices.save({ ...deviceRecord('waiting'), state: 'preauthorized' });
  const bundle = bundleRecord();
  await store.bundles.add(bundle);
  await store.deployments.add(deploymentRecord('d1', bundle, { state: 'success' }));
  const before = await start();
  await before.book.saveSite({ id: 'park', name: 'Park', timezone: 'Europe/Madrid' }, ACTOR);
  await before.book.changeMetadata('box-1', { site: 'park', tags: { add: ['lab'] }, attrs: { m: 2 } }, ACTOR);
  await before.book.saveGroup({ id: 'lab', filter: 'tag:lab' }, ACTOR);
  await before.view.stop();

  const { view, targets } = await start();
  const [box, ...others] = await targets.listDevices();
  assert.deepEqual(
    others.map(({ id }) => id),
    ['box-2'],
    'only accepted devices may be given orders',
  );
  assert.deepEqual(box, {
    ...{ id: 'box-1', state: 'accepted', connection: 'disconnected' },
    ...{ site: 'park', timezone: 'Europe/Madrid' },
    ...{ board: 'rpi5', arch: 'x64', cores: 4, memoryBytes: 4e9 },
    ...{ model: 'petpark', version: '1.0.0' },
    ...{ tags: ['lab'], attrs: { m: 2 }, groups: ['lab'] },
  });
  const idsOf = async (filter: string) => (await targets.find(filter)).map(({ id }) => id);
  assert.deepEqual(await idsOf('group:lab or not has arch'), ['box-1', 'waiting']);
  assert.deepEqual(await targets.match('not has arch'), []);
  await view.stop();
});

test('changes made at the same time are all checked against what stands then', async () => {
  await addBox('box-1');
  const { book, view } = await start();
  await book.saveGroup({ id: 'a', filter: 'tag:x' }, ACTOR);
  const results = await Promise.allSettled([
    book.saveGroup({ id: 'b', filter: 'group:a' }, ACTOR),
    book.saveGroup({ id: 'a', filter: 'group:b' }, ACTOR),
    book.deleteGroup('a', ACTOR),
  ]);
  assert.deepEqual(
    results.map((result) => (result.status === 'rejected' ? result.reason.code : 'done')),
    ['done', 'REQUEST_INVALID', 'IN_USE'],
  );
  await view.stop();
});

test('a group that an open rollout speaks of is not deleted', async () => {
  const { book, view } = await start();
  await book.saveGroup({ id: 'pilot', filter: 'tag:pilot' }, ACTOR);
  const bundle = bundleRecord();
  await store.bundles.add(bundle);
  const filter = 'group:pilot and not tag:lab';
  const whole = rolloutWhole('r1', bundle, { rollout: { name: 'spring', filter } });
  await store.rollouts.add(whole, []);
  const refused = { code: 'IN_USE', message: 'group "pilot" is named by rollout "spring"' };
  await assert.rejects(book.deleteGroup('pilot', ACTOR), refused);
  const unchanged = { groups: [], members: [], deployments: [], ends: [], journal: [] };
  const rollout = { ...whole.rollout, state: 'stopped' } as const;
  assert.equal(await store.rollouts.apply({ rollout, ...unchanged }), true);
  await book.deleteGroup('pilot', ACTOR);
  await view.stop();
});

test('what a device keeps of a bundle does not speak against it', async () => {
  const { manifest } = bundleRecord();
  const { disk } = liveTelemetry();
  const file = { path: 'model.onnx', sha256: 'c'.repeat(64), sizeBytes: 500 };
  const large = { ...manifest, files: [file], requires: { diskBytes: disk.freeBytes + 500 } };
  const bundle = { ...bundleRecord(), manifest: large, digest: digestOf(large) };
  await store.bundles.add(bundle);
  for (const id of ['box-1', 'box-2']) await addBox(id);
  await store.deployments.add(deploymentRecord('d1', bundle, { state: 'kept' }));
  const { targets, view } = await start();
  for (const deviceId of ['box-1', 'box-2'])
    view.apply({ kind: 'telemetry', deviceId, body: liveTelemetry() });
  const judge = await targets.admission(bundle.digest);
  const kinds = (await targets.listDevices()).map((device) => [device.id, judge(device).kind]);
  assert.deepEqual(kinds, [
    ['box-1', 'fit'],
    ['box-2', 'unfit'],
  ]);
  await view.stop();
});

test('a bundle is judged by what it asks for and by what the same board took on other boxes', async () => {
  for (const id of ['box-1', 'box-2']) await addBox(id, 'rpi5');
  await addBox('box-3', 'n100');
  const { manifest } = bundleRecord();
  const slow = { ...manifest, requires: { latencyMs: 100, agent: '>=0.2' } };
  const bundle = { ...bundleRecord(), manifest: slow, digest: digestOf(slow) };
  await store.bundles.add(bundle);
  await store.deployments.add(deploymentRecord('d1', bundle));
  const findings: SelfTestFindings = {
    kind: 'self_test',
    trials: [{ variant: 'fp32', threads: 4, outcome: 'passed', inferMs: { p50: 200, p95: 250 } }],
    chosen: { variant: 'fp32', threads: 4 },
  };
  const message = changeMessage(1, 'testing', { deploymentId: 'd1', findings });
  await store.reports.commit([message], 1);
  const { targets, view } = await start();
  const judge = await targets.admission(bundle.digest);
  const verdicts = (await targets.listDevices()).map(judge);
  assert.deepEqual(verdicts[1], {
    kind: 'unfit',
    code: 'UNFIT_LATENCY',
    detail: 'needs 100 ms a frame, board rpi5 takes 250 ms',
  });
  assert.deepEqual(verdicts[2], {
    kind: 'unknown',
    detail: 'needs agent >=0.2, the device did not say yet',
  });
  await assert.rejects(targets.admission('0'.repeat(64)), { code: 'NOT_FOUND' });
  await view.stop();
});
