import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { createFleetView } from '../../fleet-server/src/devices/fleet-view.ts';
import type { LiveMessage, LiveReport } from '../../fleet-server/src/devices/port.ts';
import type { Store } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import {
  bundleRecord,
  changeMessage,
  deploymentRecord,
  deviceRecord,
  eventMessage,
  liveTelemetry,
  summaryMessage,
} from '../support/fleet-data.ts';
import { createManualTime, type ManualTime } from '../support/manual-time.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchpost-view-'));
const MINUTE_MS = 60_000;

describe('the fleet view', () => {
  let store: Store;
  let time: ManualTime;
  let files = 0;
  const stores: Store[] = [];
  after(async () => {
    for (const opened of stores) await opened.close();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    files += 1;
    time = createManualTime();
    store = await openSqliteStore(join(folder, `${files}.db`));
    stores.push(store);
    for (const id of ['box-2', 'box-1']) {
      await store.devices.addToken({ tokenSha256: id, createdAtMs: 1, expiresAtMs: 2 });
      await store.devices.enrol(deviceRecord(id), id);
    }
  });

  const open = async () => {
    const view = createFleetView({ store, nowMs: time.nowMs, schedule: time.schedule });
    await view.start(new AbortController().signal);
    return view;
  };
  const online: LiveReport = {
    kind: 'status',
    deviceId: 'box-1',
    body: { state: 'online', session: 's', tsMs: 1 },
  };
  const sample = (tsMs: number): LiveReport => ({
    kind: 'telemetry',
    deviceId: 'box-1',
    body: liveTelemetry(tsMs),
  });

  test('after a start, shows the devices and deployments of the store', async () => {
    const bundle = bundleRecord();
    await store.bundles.add(bundle);
    await store.deployments.add(deploymentRecord('d1', bundle));
    const view = await open();
    assert.deepEqual(
      view.devices().map(({ id, connection, deployment }) => [id, connection, deployment?.id]),
      [
        ['box-1', 'disconnected', 'd1'],
        ['box-2', 'disconnected', undefined],
      ],
    );
    assert.equal(view.device('nobody'), undefined);
  });

  test('a device enrolled now is there at once, and what an unknown one says is ignored', async () => {
    const view = await open();
    view.apply({ ...online, deviceId: 'box-3' });
    assert.equal(view.device('box-3'), undefined);
    view.addDevice(deviceRecord('box-3'));
    assert.equal(view.device('box-3')?.connection, 'disconnected');
  });

  test('a device enrolled again keeps what it reported', async () => {
    const view = await open();
    view.apply(online);
    view.addDevice({ ...deviceRecord('box-1'), fingerprint: 'e'.repeat(64) });
    assert.equal(view.device('box-1')?.connection, 'degraded');
    assert.equal(view.device('box-1')?.fingerprint, 'e'.repeat(64));
  });

  test('changes of a device are told together, four times a second at most', async () => {
    const view = await open();
    const told: LiveMessage[] = [];
    view.subscribe((message) => told.push(message));
    view.apply(online);
    for (let tsMs = 1; tsMs <= 100; tsMs += 1) view.apply(sample(tsMs));
    assert.equal(told.length, 0);
    time.advance(250);
    assert.equal(told.length, 1);
    assert.equal(told[0]?.kind === 'device' && told[0].data.telemetry?.tsMs, 100);
    for (let step = 0; step < 100; step += 1) {
      view.apply(sample(step));
      time.advance(10);
    }
    assert.ok(told.length <= 6, `told ${told.length} times`);
  });

  test('who unsubscribed is told nothing', async () => {
    const view = await open();
    const told: LiveMessage[] = [];
    const unsubscribe = view.subscribe((message) => told.push(message));
    assert.equal(view.watchers(), 1);
    unsubscribe();
    view.apply(online);
    time.advance(1_000);
    assert.equal(view.watchers(), 0);
    assert.deepEqual(told, []);
  });

  test('events are told when they are stored; summaries are not', async () => {
    const view = await open();
    const told: LiveMessage[] = [];
    view.subscribe((message) => told.push(message));
    const result = await store.reports.commit([eventMessage(1), summaryMessage(1, 5)], 77);
    view.applyCommit(result, 77);
    assert.equal(told.length, 1);
    const [event] = told;
    assert.ok(event?.kind === 'event');
    assert.equal(event.data.receivedAtMs, 77);
    assert.equal(event.data.label, 'cat');
    assert.equal('seq' in event.data, false);
  });

  test('a deployment moves with the changes that were stored', async () => {
    const bundle = bundleRecord();
    await store.bundles.add(bundle);
    const deployment = deploymentRecord('deployment-1', bundle);
    await store.deployments.add(deployment);
    const view = await open();
    view.apply(online);
    view.applyCommit(await store.reports.commit([changeMessage(1, 'downloading')], 5), 5);
    assert.equal(view.device('box-1')?.connection, 'updating');
    view.applyCommit(await store.reports.commit([changeMessage(2, 'failure', { reason: 'X' })], 6), 6);
    assert.deepEqual(
      [view.device('box-1')?.deployment?.state, view.device('box-1')?.deployment?.reason],
      ['failure', 'X'],
    );
    view.setDeployment(deploymentRecord('deployment-2', bundle, { createdAtMs: 900 }));
    assert.equal(view.device('box-1')?.deployment?.state, 'pending');
  });

  test('a device that falls silent is told as lost, without a word from it', async () => {
    const view = await open();
    view.apply(online);
    view.setPresence('box-1', false);
    const told: LiveMessage[] = [];
    view.subscribe((message) => told.push(message));
    time.advance(9 * MINUTE_MS);
    assert.equal(view.device('box-1')?.connection, 'disconnected');
    told.splice(0);
    time.advance(2 * MINUTE_MS);
    assert.equal(view.device('box-1')?.connection, 'lost');
    assert.ok(
      told.some(({ kind, data }) => kind === 'device' && data.id === 'box-1' && data.connection === 'lost'),
    );
  });

  test('live samples are kept up to a number, oldest first', async () => {
    const view = await open();
    for (let tsMs = 1; tsMs <= 200; tsMs += 1) view.apply(sample(tsMs));
    const samples = view.recentTelemetry('box-1');
    assert.equal(samples.length, 180);
    assert.equal(samples[0]?.tsMs, 21);
    assert.deepEqual(view.recentTelemetry('nobody'), []);
  });

  test('stop leaves no timer behind', async () => {
    const view = await open();
    const told: LiveMessage[] = [];
    view.subscribe((message) => told.push(message));
    view.apply(online);
    await view.stop();
    time.advance(60 * MINUTE_MS);
    assert.deepEqual(told, []);
  });
});
