import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { MqttClient } from 'mqtt';
import type { Store } from '../../fleet-server/src/store/port.ts';
import { cameraEvent, changeMessage, liveTelemetry } from '../support/fleet-data.ts';
import { connectDevice, nextMessage, receiptOf, topicOf } from '../support/mqtt-device.ts';
import { createRandom } from '../support/random.ts';
import { openReportServer, type ReportServer, type ReportServerOptions } from '../support/report-server.ts';
import { type ReportingBox, startReportingBox } from '../support/reporting-box.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchpost-ingest-'));
after(() => rmSync(folder, { recursive: true, force: true }));

type Scope = { after(cleanUp: () => unknown): void };
let files = 0;

async function open(t: Scope, options: Partial<ReportServerOptions> = {}): Promise<ReportServer> {
  files += 1;
  const server = await openReportServer({
    path: join(folder, `${files}.db`),
    devices: ['box-1'],
    ...options,
  });
  t.after(() => server.stop());
  return server;
}

async function connect(t: Scope, server: ReportServer): Promise<MqttClient> {
  const client = await connectDevice(server.broker.port, 'box-1');
  t.after(() => client.endAsync(true));
  await client.subscribeAsync(topicOf('box-1', 'receipt'), { qos: 1 });
  return client;
}

const report = (client: MqttClient, ...seqs: readonly number[]): void => {
  for (const seq of seqs) {
    client.publish(topicOf('box-1', 'cameraEvent', 'door'), JSON.stringify(cameraEvent(seq)), { qos: 1 });
  }
};

/** A store whose commits fail as long as `isBroken`. */
function breakable(state: {
  isBroken: boolean;
  failures: number;
}): NonNullable<ReportServerOptions['reports']> {
  return (store: Store) => ({
    commit: async (batch, atMs) => {
      if (!state.isBroken) return store.reports.commit(batch, atMs);
      state.failures += 1;
      throw new Error('no space left on device');
    },
  });
}

test('events are receipted once they are stored, and again when they are sent again', async (t) => {
  const server = await open(t);
  const client = await connect(t, server);
  const first = receiptOf(client, 3);
  report(client, 1, 2, 3);
  assert.deepEqual((await first).body, { epoch: cameraEvent(1).epoch, upTo: { event: 3 } });
  assert.equal(await server.store.reports.countEvents(), 3);
  const second = receiptOf(client, 3);
  report(client, 2);
  assert.deepEqual((await second).body, { epoch: cameraEvent(1).epoch, upTo: { event: 3 } });
  const { stored, duplicates, received } = server.ingest.counters();
  assert.deepEqual({ stored, duplicates, received }, { stored: 3, duplicates: 1, received: 4 });
});

test('all streams of a box are answered in one receipt', async (t) => {
  const server = await open(t);
  const client = await connect(t, server);
  const answer = receiptOf(client, 1);
  report(client, 1);
  client.publish(topicOf('box-1', 'deployment'), JSON.stringify(changeMessage(1, 'queued').body), { qos: 1 });
  assert.deepEqual((await answer).body, { epoch: cameraEvent(1).epoch, upTo: { event: 1, deployment: 1 } });
});

test('an invalid message is counted and logged once, and its neighbours are taken', async (t) => {
  const warnings: object[] = [];
  const log: Logger = { ...silentLogger, warn: (facts) => warnings.push(facts) };
  const server = await open(t, { log });
  const client = await connect(t, server);
  client.publish(topicOf('box-1', 'birth'), 'no json', { qos: 1 });
  client.publish(topicOf('box-1', 'birth'), '{}', { qos: 1 });
  const answer = nextMessage(client);
  report(client, 1);
  await answer;
  assert.deepEqual(server.ingest.counters().invalid, { MESSAGE_INVALID: 2 });
  assert.equal(warnings.length, 1);
  assert.deepEqual(
    { ...warnings[0], problem: '' },
    {
      deviceId: 'box-1',
      topic: 'birth',
      camera: undefined,
      code: 'MESSAGE_INVALID',
      problem: '',
    },
  );
});

test('a numbered message that is invalid is receipted too, so that it does not block its stream', async (t) => {
  const server = await open(t);
  const client = await connect(t, server);
  const odd = { ...cameraEvent(1), mood: 'good' };
  const answer = receiptOf(client, 2);
  client.publish(topicOf('box-1', 'cameraEvent', 'door'), JSON.stringify(odd), { qos: 1 });
  report(client, 2);
  assert.deepEqual((await answer).body, { epoch: odd.epoch, upTo: { event: 2 } });
  assert.equal(await server.store.reports.countEvents(), 1);
});

test('while the store fails there is no receipt; afterwards nothing is lost', async (t) => {
  const state = { isBroken: true, failures: 0 };
  const server = await open(t, { reports: breakable(state) });
  const client = await connect(t, server);
  let answers = 0;
  client.on('message', () => {
    answers += 1;
  });
  report(client, 1, 2);
  await until('it was tried twice', () => state.failures >= 2);
  assert.equal(answers, 0);
  const answer = receiptOf(client, 2);
  state.isBroken = false;
  assert.deepEqual((await answer).body, { epoch: cameraEvent(1).epoch, upTo: { event: 2 } });
});

test('when too much waits for the store, the newest is dropped and counted; the box sends it again', async (t) => {
  const state = { isBroken: true, failures: 0 };
  const server = await open(t, { reports: breakable(state), maxQueue: { messages: 3, bytes: 1e6 } });
  const client = await connect(t, server);
  report(client, 1);
  await until('the first is on its way', () => state.failures >= 1);
  report(client, 2, 3, 4, 5, 6);
  await until('two were dropped', () => server.ingest.counters().dropped === 2);
  state.isBroken = false;
  await until('the rest is stored', async () => (await server.store.reports.countEvents()) === 4);
  const answer = receiptOf(client, 6);
  report(client, 5, 6);
  assert.deepEqual((await answer).body, { epoch: cameraEvent(1).epoch, upTo: { event: 6 } });
});

test('stop stores what waits', async (t) => {
  const path = join(folder, 'stopped.db');
  const server = await openReportServer({ path, devices: ['box-1'] });
  const client = await connect(t, server);
  report(client, 1, 2, 3);
  await until('received', () => server.ingest.counters().received === 3);
  await server.stop();
  const again = await open(t, { path });
  assert.equal(await again.store.reports.countEvents(), 3);
});

test('stop does not wait for a store that fails', async () => {
  const state = { isBroken: true, failures: 0 };
  const server = await openReportServer({
    path: join(folder, 'broken.db'),
    devices: ['box-1'],
    reports: breakable(state),
  });
  const client = await connectDevice(server.broker.port, 'box-1');
  report(client, 1);
  await until('tried', () => state.failures > 0);
  await server.stop();
  await client.endAsync(true);
});

test('live messages and presence reach the fleet view', async (t) => {
  const server = await open(t);
  const client = await connect(t, server);
  const online = { state: 'online', session: 'a', tsMs: 1 };
  client.publish(topicOf('box-1', 'status'), JSON.stringify(online), { qos: 1, retain: true });
  client.publish(topicOf('box-1', 'telemetry'), JSON.stringify(liveTelemetry(5)), { qos: 0 });
  await until('seen', () => server.fleet.recentTelemetry('box-1').length === 1);
  assert.equal(server.fleet.device('box-1')?.connection, 'degraded');
  await client.endAsync(true);
  await until('gone', () => server.fleet.device('box-1')?.connection === 'disconnected');
});

test('two boxes on a bad line and a server that restarts: every event is stored once', async (t) => {
  const path = join(folder, 'restart.db');
  const count = 500;
  const devices = ['box-1', 'box-2'];
  let server = await openReportServer({ path, devices });
  t.after(() => server.stop());
  const { port } = server.broker;
  const random = createRandom(7);
  const boxes: ReportingBox[] = [];
  for (const id of devices) boxes.push(await startReportingBox({ id, port, count, random }));
  t.after(() => Promise.all(boxes.map((box) => box.stop())));
  await until('under way', () => boxes.every((box) => box.upTo() > 100));
  await server.stop();
  server = await openReportServer({ path, port, devices });
  await until('everything is receipted', () => boxes.every((box) => box.upTo() === count));
  for (const { id, receipts } of boxes) {
    const rows = await server.store.reports.events({ deviceId: id, limit: 2_000 });
    assert.deepEqual(
      rows.map(({ seq }) => seq).sort((a, b) => a - b),
      Array.from({ length: count }, (_, index) => index + 1),
    );
    assert.ok(receipts.every(({ upTo }) => (upTo.event ?? 0) <= count));
  }
  assert.ok(server.ingest.counters().duplicates > 0, 'there were duplicates');
});
