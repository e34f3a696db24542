import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Birth } from '@watchpost/shared/messages/birth.ts';
import type { DeploymentChange } from '@watchpost/shared/messages/deployment.ts';
import type { TopicKind } from '@watchpost/shared/topics.ts';
import type { MqttClient } from 'mqtt';
import { ROLLED_BACK } from '../support/deployment-samples.ts';
import { bundleRecord, deploymentRecord, EPOCH, HARDWARE } from '../support/fleet-data.ts';
import { connectDevice, topicOf } from '../support/mqtt-device.ts';
import { createRandom, shuffled } from '../support/random.ts';
import { openReportServer, type ReportServer } from '../support/report-server.ts';
import { until } from '../support/until.ts';

const BOX = 'box-1';
const OLD = bundleRecord('1.2.0');
const NEW = bundleRecord('1.3.0');
const ACTIVE = { model: 'petpark', version: '1.2.0', digest: OLD.digest, variant: 'fp32' };
const BIRTH: Birth = {
  agentVersion: '0.1.0',
  startedAtMs: 1,
  hardware: HARDWARE,
  executionProviders: ['cpu'],
  cameras: [],
  activeBundle: ACTIVE,
  epoch: EPOCH,
  lastSeq: {},
};

let folder = '';
let server: ReportServer;
let box: MqttClient;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-report-'));
  server = await openReportServer({ path: join(folder, 'fleet.db'), devices: [BOX] });
  for (const bundle of [OLD, NEW]) await server.store.bundles.add(bundle);
  await order('d1');
  box = await connectDevice(server.broker.port, BOX);
  await publish('status', { state: 'online', session: 's', tsMs: 1 });
  await publish('birth', BIRTH);
});
afterEach(async () => {
  await box.endAsync();
  await server.stop();
  await rm(folder, { recursive: true });
});

async function order(id: string): Promise<void> {
  const deployment = deploymentRecord(id, NEW, { deviceId: BOX });
  await server.store.deployments.add(deployment);
  server.fleet.setDeployment(deployment);
}

const publish = (kind: TopicKind, body: object) =>
  box.publishAsync(topicOf(BOX, kind), JSON.stringify(body), { qos: 1 });

const changeAt = (at: number, historical: boolean): DeploymentChange => {
  const told = ROLLED_BACK[at] ?? { state: 'pending' };
  const numbers = { epoch: EPOCH, seq: at + 1, firstSeq: 1, historical };
  return { deploymentId: 'd1', bundleDigest: NEW.digest, tsMs: 1_000 + at, ...told, ...numbers };
};

const shown = () => server.fleet.device(BOX);
const last = ROLLED_BACK.length - 1;

test('while a deployment is told the box is updating, and the model that runs is the one it reports', async () => {
  for (let at = 0; at < 9; at += 1) await publish('deployment', changeAt(at, false));
  await publish('reportedModel', { tsMs: 2, active: { ...ACTIVE, version: '1.3.0', digest: NEW.digest } });
  await until('the switch', () => shown()?.activeBundle?.digest === NEW.digest);
  await until('the tests', () => shown()?.deployment?.state === 'testing');
  assert.equal(shown()?.connection, 'updating');
  await publish('deployment', changeAt(last, false));
  await publish('reportedModel', { tsMs: 3, active: ACTIVE });
  await until('the end', () => shown()?.deployment?.state === 'rolled_back');
  await until('the model before', () => shown()?.activeBundle?.version === '1.2.0');
  assert.equal(shown()?.connection, 'ready');
});

test('what a box tells days later, twice and in no order, is what it did; and it stays until the next order', async () => {
  const random = createRandom(7);
  const all = ROLLED_BACK.map((_, at) => at);
  for (const at of shuffled([...all, ...all], random)) await publish('deployment', changeAt(at, true));
  await until('the end', () => shown()?.deployment?.state === 'rolled_back');
  await until('all of it', () => server.ingest.counters().duplicates === all.length);
  const view = shown();
  assert.equal(view?.activeBundle?.version, '1.2.0');
  const { version, reason, detail } = view?.deployment ?? {};
  assert.deepEqual(
    [version, reason, detail],
    ['1.3.0', 'PROBATION_FAILED', 'latency p95 96.4 ms, limit 60 ms'],
  );
  const page = await server.store.deployments.page({ deviceId: BOX, limit: 1 });
  assert.deepEqual(
    page.deployments[0]?.changes.map(({ state, findings, historical }) => [state, findings, historical]),
    ROLLED_BACK.map(({ state, findings }) => [state, findings, true]),
  );

  await order('d2');
  assert.deepEqual([shown()?.deployment?.id, shown()?.deployment?.state], ['d2', 'pending']);
  await publish('deployment', { ...changeAt(11, true), deploymentId: 'd1', state: 'rolled_back' });
  await publish('deployment', {
    ...changeAt(12, true),
    deploymentId: 'd2',
    state: 'rejected',
    reason: 'BUNDLE_QUARANTINED',
  });
  await until('the refusal', () => shown()?.deployment?.state === 'rejected');
  assert.deepEqual([shown()?.deployment?.id, shown()?.deployment?.reason], ['d2', 'BUNDLE_QUARANTINED']);
});

test('a server that starts anew shows why the model came back', async () => {
  for (let at = 0; at <= last; at += 1) await publish('deployment', changeAt(at, false));
  await until('the end', () => shown()?.deployment?.state === 'rolled_back');
  await box.endAsync();
  await server.stop();
  server = await openReportServer({ path: join(folder, 'fleet.db'), devices: [BOX] });
  assert.deepEqual(
    [shown()?.deployment?.state, shown()?.deployment?.reason],
    ['rolled_back', 'PROBATION_FAILED'],
  );
  box = await connectDevice(server.broker.port, BOX);
  await publish('birth', BIRTH);
  await until('the box', () => shown()?.activeBundle?.version === '1.2.0');
});
