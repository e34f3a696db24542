import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Birth } from '@watchpost/shared/messages/birth.ts';
import type { DeviceStatus } from '@watchpost/shared/messages/status.ts';
import type { DeploymentRecord, DeviceRecord } from '../store/port.ts';
import {
  createFacts,
  type DeviceFacts,
  withCamera,
  withDeployment,
  withDesiredConfig,
  withPresence,
  withProgress,
  withReport,
} from './device-facts.ts';
import { toView } from './device-view.ts';
import type { LiveReport } from './port.ts';

const HARDWARE = { board: 'b', cpu: 'c', cores: 1, memoryBytes: 1, os: 'o', arch: 'x64', gpu: [] };
const RECORD: DeviceRecord = {
  id: 'box-1',
  fleet: 'main',
  state: 'accepted',
  publicKey: 'key',
  fingerprint: 'f'.repeat(64),
  secretSha256: 's'.repeat(64),
  hardware: HARDWARE,
  enrolledAtMs: 1,
};
const ACTIVE = { model: 'petpark', version: '1', digest: 'b'.repeat(64), variant: 'fp32' };
const BIRTH: Birth = {
  agentVersion: '0.1.0',
  startedAtMs: 5,
  hardware: HARDWARE,
  executionProviders: ['cpu'],
  cameras: [{ id: 'door', name: 'Front door', kind: 'rtsp' }],
  activeBundle: ACTIVE,
  epoch: 'e',
  lastSeq: {},
};
const DEPLOYMENT: DeploymentRecord = {
  id: 'd1',
  deviceId: 'box-1',
  bundleDigest: 'b'.repeat(64),
  model: 'petpark',
  version: '1',
  state: 'downloading',
  order: 'jws',
  createdAtMs: 10,
  updatedAtMs: 11,
};

const status = (state: DeviceStatus['state'], session: string): LiveReport => ({
  kind: 'status',
  deviceId: 'box-1',
  body: { state, session, tsMs: 1 },
});
const birth = (body = BIRTH): LiveReport => ({ kind: 'birth', deviceId: 'box-1', body });
const cameraStatus = (camera: string): LiveReport => ({
  kind: 'cameraStatus',
  deviceId: 'box-1',
  camera,
  body: { tsMs: 1, condition: 'online', quality01: 1 },
});
const after = (...reports: readonly LiveReport[]): DeviceFacts =>
  reports.reduce((facts, report) => withReport(facts, report, 100), createFacts(RECORD, 0));
const connectionAfter = (...reports: readonly LiveReport[]) => toView(after(...reports), 100).connection;

const camerasOf = (facts: DeviceFacts): readonly string[] => toView(facts, 100).cameras.map(({ id }) => id);

test('a device that never spoke is shown as its record says', () => {
  const view = toView(createFacts(RECORD, 0), 100);
  assert.equal(view.connection, 'disconnected');
  assert.equal('lastSeenMs' in view, false);
  assert.deepEqual(view.cameras, []);
});

test('a device is ready once it is online, has a bundle and its cameras are online', () => {
  assert.equal(connectionAfter(status('online', 'a')), 'degraded');
  assert.equal(connectionAfter(status('online', 'a'), birth()), 'degraded');
  assert.equal(connectionAfter(status('online', 'a'), birth(), cameraStatus('door')), 'ready');
});

test('the last will of its connection makes a device offline', () => {
  assert.equal(connectionAfter(status('online', 'a'), status('offline', 'a')), 'disconnected');
  assert.equal(connectionAfter(status('online', 'a'), status('stopped', 'a')), 'disconnected');
});

test('a late last will of an older connection changes nothing', () => {
  const before = after(status('online', 'a'), status('online', 'b'));
  assert.equal(withReport(before, status('offline', 'a'), 999), before);
});

test('the broker knows first that a connection is down', () => {
  const down = withPresence(after(status('online', 'a'), birth()), false, 200);
  assert.equal(toView(down, 200).connection, 'disconnected');
  assert.equal(toView(down, 200).lastSeenMs, 200);
});

test('a birth names the cameras and forgets those that are gone', () => {
  const facts = after(cameraStatus('door'), cameraStatus('old'), birth());
  const { cameras } = toView(facts, 100);
  assert.deepEqual(
    cameras.map(({ id, name, status: it }) => [id, name, it?.condition]),
    [['door', 'Front door', 'online']],
  );
});

test('the bundle shown is the one reported last', () => {
  const reported: LiveReport = {
    kind: 'reportedModel',
    deviceId: 'box-1',
    body: { tsMs: 1, active: { ...ACTIVE, version: '2' } },
  };
  assert.equal(toView(after(birth(), reported), 100).activeBundle?.version, '2');
  assert.equal(toView(after(birth(), reported, birth()), 100).activeBundle?.version, '1');
  const none: LiveReport = { kind: 'reportedModel', deviceId: 'box-1', body: { tsMs: 1 } };
  assert.equal('activeBundle' in toView(after(birth(), none), 100), false);
});

test('a box cannot fill the memory with cameras', () => {
  const facts = after(...Array.from({ length: 100 }, (_, index) => cameraStatus(`camera-${index}`)));
  assert.equal(toView(facts, 100).cameras.length, 64);
});

test('a camera that a birth left out is gone, whatever is still said of it', () => {
  const facts = after(cameraStatus('yard'), birth());
  assert.deepEqual(camerasOf(facts), ['door']);
  assert.deepEqual(camerasOf(withReport(facts, cameraStatus('yard'), 50)), ['door']);
  const next = { ...BIRTH, cameras: [{ id: 'yard', name: 'Yard', kind: 'rtsp' as const }] };
  const back = withReport(withReport(facts, birth(next), 60), cameraStatus('yard'), 70);
  assert.deepEqual(camerasOf(back), ['yard']);
});

test('the newest settings count, whichever is told last', () => {
  const config = (version: number) => ({
    deviceId: 'box-1',
    version,
    settings: {},
    actor: 'olga',
    atMs: version,
  });
  const facts = withDesiredConfig(withDesiredConfig(after(), config(2)), config(1));
  assert.deepEqual(toView(facts, 100).config, { desired: { version: 2, actor: 'olga', atMs: 2 } });
});

test('a deployment under way shows as updating, one that waits or ended does not', () => {
  const online = after(status('online', 'a'), birth(), cameraStatus('door'));
  const connectionIn = (state: DeploymentRecord['state']) =>
    toView(withDeployment(online, { ...DEPLOYMENT, state }), 100).connection;
  assert.equal(connectionIn('downloading'), 'updating');
  assert.equal(connectionIn('pending'), 'ready');
  assert.equal(connectionIn('waiting_for_window'), 'ready');
  assert.equal(connectionIn('waiting_for_quiet'), 'ready');
  assert.equal(connectionIn('success'), 'ready');
});

test('a late word of an older deployment does not replace the newest', () => {
  const younger = { ...DEPLOYMENT, id: 'd2', createdAtMs: DEPLOYMENT.createdAtMs - 1 };
  const newest = withDeployment(withDeployment(after(), DEPLOYMENT), younger);
  assert.equal(toView(newest, 100).deployment?.id, 'd2', 'the clock of the server was set back');
  assert.equal(withProgress(newest, DEPLOYMENT), newest);
  const moved = withProgress(newest, { ...younger, state: 'failure', reason: 'X' });
  assert.equal(toView(moved, 100).deployment?.reason, 'X');
});

test('a picture shows when it came, and goes when it is dropped', () => {
  const pictured = withCamera(after(birth()), 'door', { pictureAtMs: 50 });
  assert.equal(toView(pictured, 100).cameras[0]?.pictureAtMs, 50);
  assert.equal(
    'pictureAtMs' in (toView(withCamera(pictured, 'door', { pictureAtMs: undefined }), 100).cameras[0] ?? {}),
    false,
  );
});
