import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { agentError } from '../../agent/src/kernel/errors.ts';
import {
  CONFIG_DIRECTOR,
  type ConfiguredBox,
  composeConfigOrder,
  openConfiguredBox,
  signConfig,
} from '../support/configured-box.ts';
import { makeKeyPair } from '../support/test-bundle.ts';

const OWN = { cameras: [{ id: 'door', file: '/srv/door.mp4' }] };
const LOUD = { log: { level: 'debug' } };
const QUICK = 60;
type Options = Omit<Parameters<typeof openConfiguredBox>[0], 'dataDir'>;

async function openBox(t: TestContext, options: Options = {}): Promise<ConfiguredBox> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-settings-'));
  const box = await openConfiguredBox({ dataDir, own: OWN, ...options });
  t.after(async () => {
    await box.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  return box;
}

const cameraIds = (box: ConfiguredBox) => box.inForce().cameras.map(({ id }) => id);
const documentFile = ({ dataDir }: ConfiguredBox) => join(dataDir, 'config-document.json');

test('a box without a document says that its own settings are in force', async (t) => {
  const box = await openBox(t);
  const { state, layer, version, inForce, restartNeeded } = await box.reported('applied');
  assert.deepEqual(
    [state, layer, version, inForce, restartNeeded],
    ['applied', 'local', undefined, undefined, []],
  );
});

test('settings come into force while the agent runs, and again after a restart without a server', async (t) => {
  const box = await openBox(t);
  await box.set(1, { telemetry: { intervalSec: 3 }, cameraChanges: { gate: { file: 'gate.mp4' } } });
  const { layer, inForce, digest } = await box.reported('applied', 1);
  assert.deepEqual([layer, inForce], ['fleet', 1]);
  assert.deepEqual(cameraIds(box), ['door', 'gate']);
  assert.equal(box.applied.length, 1);
  await box.restart();
  assert.equal(box.inForce().telemetry.intervalSec, 3);
  assert.equal(box.reports.at(-1)?.digest, digest);
  assert.equal(JSON.stringify(box.reports).includes('gate.mp4'), false, 'settings stay on the box');
  assert.equal((await stat(documentFile(box))).mode & 0o777, 0o600);
});

test('a document takes the place of the one before; an empty one leaves the box to itself', async (t) => {
  const box = await openBox(t);
  await box.set(1, { telemetry: { intervalSec: 3 } });
  await box.set(2, { pictures: { enabled: false } });
  await box.reported('applied', 2);
  assert.deepEqual([box.inForce().telemetry.intervalSec, box.inForce().pictures.enabled], [10, false]);
  await box.set(3, {});
  await box.reported('applied', 3);
  assert.equal(box.inForce().pictures.enabled, true);
});

test('what counts only after a restart is named, and waits', async (t) => {
  const box = await openBox(t, { confirmMs: QUICK });
  await box.set(1, { ...LOUD, inference: { threads: 2 }, telemetry: { intervalSec: 3 } });
  const { restartNeeded } = await box.reported('pending_restart', 1);
  assert.deepEqual(restartNeeded, ['inference.threads']);
  assert.equal(box.inForce().telemetry.intervalSec, 3);
  await box.restart();
  assert.deepEqual((await box.reported('applied', 1)).restartNeeded, []);
  await box.confirmed(1);
});

test('a document this box cannot take is refused with every problem, and changes nothing', async (t) => {
  const box = await openBox(t);
  await box.set(1, { telemetry: { intervalSec: 3 } });
  await box.set(2, { dataDir: '/tmp', telemetry: { intervalSec: 0 }, cameras: [{ id: 'a', file: '../x' }] });
  const { reason, detail, inForce } = await box.reported('rejected', 2);
  assert.equal(reason, 'CONFIG_INVALID');
  for (const line of ['dataDir is not a known key', 'telemetry.intervalSec must be >= 1', 'cameras.0.file'])
    assert.ok(detail?.includes(line), `${line} in ${detail}`);
  assert.equal(inForce, 1);
  assert.equal(box.applied.length, 1);
  await box.restart();
  assert.equal(box.inForce().telemetry.intervalSec, 3);
  assert.deepEqual([box.reports.at(-1)?.state, box.reports.at(-1)?.version], ['rejected', 2]);
});

test('what goes with the schema but not with the cameras of this box is refused too', async (t) => {
  const box = await openBox(t);
  await box.set(1, { cameraChanges: { nobody: { fps: 2 } } });
  const { detail } = await box.reported('rejected', 1);
  assert.match(detail ?? '', /cameras\.1 needs exactly one of url, stillUrl, device, webcam, file, folder/);
});

const REFUSED: readonly (readonly [string, () => Promise<string>])[] = [
  ['signed with another key', () => signConfig(composeConfigOrder(9, LOUD), makeKeyPair().privateKey)],
  ['for another box', () => signConfig(composeConfigOrder(9, LOUD, { deviceId: 'gate-4' }))],
  [
    'that is an order of a model by its type',
    () => signConfig(composeConfigOrder(9, LOUD), CONFIG_DIRECTOR.privateKey, 'watchpost-order+jws'),
  ],
  ['without a version', () => signConfig({ ...composeConfigOrder(9, LOUD), version: undefined })],
  ['with a field nobody knows', () => signConfig({ ...composeConfigOrder(9, LOUD), force: true })],
  ['that is no token', async () => 'x'.repeat(40)],
  ['that is older', () => signConfig(composeConfigOrder(4, LOUD))],
  ['with other settings under a version there was', () => signConfig(composeConfigOrder(5, LOUD))],
];
for (const [name, make] of REFUSED) {
  test(`a document ${name} changes nothing, nor does it after a restart`, async (t) => {
    const box = await openBox(t);
    await box.set(5, { telemetry: { intervalSec: 3 } });
    await box.reported('applied', 5);
    const token = await make();
    for (const again of [false, true]) {
      if (again) await box.restart();
      box.tell(token);
      await box.settle();
      const { version, state } = box.reports.at(-1) ?? {};
      assert.deepEqual([version, state, box.inForce().log.level], [5, 'applied', 'info']);
    }
    await box.set(6, LOUD);
    await box.reported('applied', 6);
  });
}

test('the document told again at every connection is done once', async (t) => {
  const box = await openBox(t);
  for (let time = 0; time < 3; time += 1) await box.set(1, { telemetry: { intervalSec: 3 } });
  await box.settle();
  assert.equal(box.applied.length, 1);
});

test('settings that cost the box all cameras are taken back, and are not tried again', async (t) => {
  const online = ({ cameras }: ReturnType<ConfiguredBox['inForce']>) =>
    cameras.filter(({ id }) => id === 'door').length;
  const box = await openBox(t, { confirmMs: QUICK, online });
  await box.set(1, { telemetry: { intervalSec: 3 } });
  await box.confirmed(1);
  await box.set(2, { cameras: [{ id: 'blind', file: 'nothing.mp4' }] });
  const { reason, inForce, version } = await box.reported('reverted', 2);
  assert.deepEqual([reason, inForce, version], ['CONFIG_LOST_CAMERAS', 1, 2]);
  assert.deepEqual([cameraIds(box), box.inForce().telemetry.intervalSec], [['door'], 3]);
  const changes = box.applied.length;
  await box.set(2, { cameras: [{ id: 'blind', file: 'nothing.mp4' }] });
  await box.settle();
  await box.restart();
  await box.set(2, { cameras: [{ id: 'blind', file: 'nothing.mp4' }] });
  await box.settle();
  assert.deepEqual([box.applied.length, cameraIds(box)], [changes, ['door']]);
  assert.equal(box.reports.at(-1)?.state, 'reverted');
});

test('a document that waited for a box is tried once its cameras are there', async (t) => {
  let isWarm = false;
  const online = ({ cameras }: ReturnType<ConfiguredBox['inForce']>) =>
    isWarm ? cameras.filter(({ id }) => id === 'door').length : 0;
  const box = await openBox(t, { confirmMs: 1_000, online });
  await box.set(1, { cameras: [{ id: 'blind', file: 'nothing.mp4' }] });
  assert.deepEqual(box.applied, []);
  isWarm = true;
  assert.equal((await box.reported('reverted', 1)).reason, 'CONFIG_LOST_CAMERAS');
});

test('a box that had no camera online keeps what it is told', async (t) => {
  const box = await openBox(t, { confirmMs: QUICK, online: () => 0 });
  await box.set(1, { cameras: [] });
  await box.confirmed(1);
});

test('a second bad document in a row goes back to the good one too', async (t) => {
  const online = ({ cameras }: ReturnType<ConfiguredBox['inForce']>) =>
    cameras.filter(({ id }) => id === 'door').length;
  const box = await openBox(t, { confirmMs: 400, online });
  await box.set(1, { cameras: [{ id: 'a', file: 'a.mp4' }] });
  await box.reported('applied', 1);
  await box.set(2, { cameras: [{ id: 'b', file: 'b.mp4' }] });
  assert.equal((await box.reported('reverted', 2)).layer, 'local');
  assert.deepEqual(cameraIds(box), ['door']);
});

test('settings under which the agent ends again and again give way', async (t) => {
  const box = await openBox(t);
  await box.set(1, { telemetry: { intervalSec: 3 } });
  await box.reported('applied', 1);
  for (let start = 0; start < 3; start += 1) {
    await box.restart();
    assert.equal(box.inForce().telemetry.intervalSec, 3);
  }
  await box.restart();
  assert.equal(box.inForce().telemetry.intervalSec, 10);
  const { state, reason, layer } = box.reports.at(-1) ?? {};
  assert.deepEqual([state, reason, layer], ['reverted', 'CONFIG_UNPROVED', 'local']);
});

test('a careful start leaves out settings that have not proved good, and keeps those that have', async (t) => {
  const box = await openBox(t, { confirmMs: QUICK });
  await box.set(1, { telemetry: { intervalSec: 3 } });
  await box.confirmed(1);
  await box.set(2, { inference: { threads: 2 }, telemetry: { intervalSec: 4 } });
  await box.reported('pending_restart', 2);
  await box.restart('cautious');
  assert.equal(box.inForce().telemetry.intervalSec, 3);
  await box.restart('cautious');
  assert.equal(box.inForce().telemetry.intervalSec, 3);
});

const TORN = ['', '{"current":{"version":1,', '\0\0\0\0', '{"current":{"version":"x"}}', '[]'];
for (const content of TORN) {
  test(`torn documents (${JSON.stringify(content)}) are set aside; no older one comes back`, async (t) => {
    const box = await openBox(t);
    const old = await signConfig(composeConfigOrder(1, LOUD));
    box.tell(old);
    await box.set(2, { telemetry: { intervalSec: 3 } });
    await box.reported('applied', 2);
    await box.stop();
    await writeFile(documentFile(box), content);
    await box.restart();
    assert.equal(box.inForce().telemetry.intervalSec, 10, 'the own settings alone');
    assert.ok((await readdir(box.dataDir)).includes('config-document.json.damaged'));
    box.tell(old);
    await box.settle();
    assert.equal(box.inForce().log.level, 'info');
    await box.set(2, { telemetry: { intervalSec: 3 } });
    await box.settle();
    assert.equal(box.inForce().telemetry.intervalSec, 3, 'the newest one is told again, and counts');
  });
}

test('a torn mark opens no way for an older document', async (t) => {
  const box = await openBox(t);
  await box.set(7, { telemetry: { intervalSec: 3 } });
  await box.reported('applied', 7);
  await box.stop();
  await writeFile(join(box.dataDir, 'config-mark.json'), '{');
  await box.restart();
  await box.set(6, LOUD);
  await box.settle();
  assert.equal(box.inForce().log.level, 'info');
});

test('a document that cannot be kept is not applied, and is taken when the disk works again', async (t) => {
  let isFull = true;
  const box = await openBox(t, {
    store: (real) => ({
      ...real,
      save: async (memory) => {
        if (isFull) throw agentError('DISK_FULL', 'no room on the disk');
        await real.save(memory);
      },
    }),
  });
  await box.set(1, { telemetry: { intervalSec: 3 } });
  assert.equal((await box.reported('rejected', 1)).reason, 'DISK_FULL');
  assert.equal(box.inForce().telemetry.intervalSec, 10);
  isFull = false;
  await box.set(1, { telemetry: { intervalSec: 3 } });
  await box.reported('applied', 1);
});

test('a document that cannot be read while the disk fails is read again, before those that come later', async (t) => {
  const unreadable = [agentError('STORE_FAILED', 'marks'), agentError('DISK_FULL', 'marks')];
  const box = await openBox(t, { unreadable });
  await box.set(1, { telemetry: { intervalSec: 3 } });
  await box.set(2, { telemetry: { intervalSec: 4 } });
  await box.reported('applied', 2);
  assert.deepEqual(
    box.applied.map(({ telemetry }) => telemetry.intervalSec),
    [3, 4],
  );
});

test('a trial ends while a document cannot be read', async (t) => {
  const online = ({ cameras }: ReturnType<ConfiguredBox['inForce']>) =>
    cameras.filter(({ id }) => id === 'door').length;
  const unreadable: Error[] = [];
  const box = await openBox(t, {
    confirmMs: 1_000,
    online,
    unreadable,
    wait: (_ms, signal) => aborted(signal),
  });
  await box.set(1, { cameras: [{ id: 'blind', file: 'nothing.mp4' }] });
  await box.reported('applied', 1);
  unreadable.push(agentError('STORE_FAILED', 'marks'));
  await box.set(2, LOUD);
  assert.equal((await box.reported('reverted', 1)).reason, 'CONFIG_LOST_CAMERAS');
});

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}

test('settings that do not go with the box any more give way to those before', async (t) => {
  const box = await openBox(t, { confirmMs: QUICK });
  await box.set(1, { telemetry: { intervalSec: 3 } });
  await box.confirmed(1);
  await box.set(2, { telemetry: { intervalSec: 4 } });
  await box.reported('applied', 2);
  await box.stop();
  const text = await readFile(documentFile(box), 'utf8');
  await writeFile(documentFile(box), text.replace('"intervalSec":4', '"interval":4'));
  await box.restart();
  assert.equal(box.inForce().telemetry.intervalSec, 3);
  const { state, reason, detail } = box.reports.at(-1) ?? {};
  assert.deepEqual([state, reason], ['reverted', 'CONFIG_INVALID']);
  assert.match(detail ?? '', /telemetry\.interval is not a known key/);
});
