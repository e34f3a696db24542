import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { enrol, prepareDeviceKey } from '../../agent/src/identity/enrol.ts';
import { openFileCredentials } from '../../agent/src/identity/file-credentials.ts';
import { enrolRequest, makeBox } from '../support/certified-box.ts';
import { HARDWARE } from '../support/fleet-data.ts';
import { jsonPost, startTlsFleet, type TlsFleet } from '../support/tls-fleet.ts';

let fleet: TlsFleet;
let folder = '';

before(async () => {
  fleet = await startTlsFleet();
  folder = await mkdtemp(join(tmpdir(), 'watchpost-pending-'));
});
after(async () => {
  await fleet.stop();
  await rm(folder, { recursive: true });
});

const dataDirOf = (deviceId: string): string => join(folder, deviceId);

/** The agent's own enrolment without a token. */
function ask(deviceId: string, onPending: (fingerprint: string) => void = () => undefined, limitMs = 60_000) {
  return enrol(
    {
      ...{ serverUrl: fleet.url, fetch: fleet.fetchAs(), deviceId, onPending },
      ...{ dataDir: dataDirOf(deviceId), agentVersion: '0.1.0', hardware: HARDWARE },
    },
    AbortSignal.timeout(limitMs),
  );
}

const stateOf = async (id: string): Promise<string> =>
  ((await (await fleet.call('GET', `devices/${id}`)).json()) as { state: string }).state;
const codeOf = async (reply: Promise<Response>): Promise<string> =>
  ((await (await reply).json()) as { code: string }).code;
const preauthorize = (...devices: readonly { id: string; fingerprint: string }[]) =>
  fleet.call('POST', 'devices/preauthorized', { devices });

test('a box on the preauthorised list enrols without a token, another key under its id does not', async () => {
  const { fingerprint } = await prepareDeviceKey(dataDirOf('box-1'));
  assert.equal((await preauthorize({ id: 'box-1', fingerprint })).status, 200);
  assert.equal(await stateOf('box-1'), 'preauthorized');
  const { token: _none, ...thief } = await enrolRequest(makeBox('box-1'), '');
  assert.equal(await codeOf(fleet.fetchAs()(`${fleet.url}/api/v1/enrol`, jsonPost(thief))), 'DEVICE_REFUSED');
  await ask('box-1');
  assert.equal(await stateOf('box-1'), 'accepted');
  const credentials = (await openFileCredentials(dataDirOf('box-1'))).current();
  await (await fleet.connect('box-1', credentials)).endAsync();
});

test('a box that waits is let in by the fingerprint it shows, and by no other', async () => {
  const shown = Promise.withResolvers<string>();
  const enrolled = ask('box-2', shown.resolve);
  const fingerprint = await shown.promise;
  assert.equal(await stateOf('box-2'), 'pending');
  const wrong = { fingerprint: 'f'.repeat(64) };
  assert.equal(await codeOf(fleet.call('POST', 'devices/box-2/accept', wrong)), 'FINGERPRINT_MISMATCH');
  assert.equal(await stateOf('box-2'), 'pending');
  assert.equal((await fleet.call('POST', 'devices/box-2/accept', { fingerprint })).status, 200);
  assert.equal((await enrolled).deviceId, 'box-2');
  assert.equal(await codeOf(fleet.call('POST', 'devices/box-2/accept', { fingerprint })), 'DEVICE_STATE');
});

test('a box that waits can do nothing yet, and a rejected one is told so', async () => {
  const shown = Promise.withResolvers<string>();
  const enrolled = ask('box-3', shown.resolve);
  const fingerprint = await shown.promise;
  await assert.rejects(fleet.connect('box-3', {}, { password: 'secret' }));
  assert.equal((await fleet.call('POST', 'devices/box-3/reject', { fingerprint })).status, 200);
  await assert.rejects(enrolled, { code: 'ENROL_REJECTED', message: /rejected/ });
  assert.equal(await codeOf(fleet.call('POST', 'devices/box-3/accept', { fingerprint })), 'DEVICE_STATE');
});

test('an enrolled device is not taken over by a box without a token', async () => {
  await fleet.enrol(makeBox('box-4'));
  await assert.rejects(ask('box-4'), { code: 'ENROL_REJECTED', message: /another key/ });
  assert.equal(await stateOf('box-4'), 'accepted');
});

test('a list with one wrong line changes nothing', async () => {
  await fleet.enrol(makeBox('box-5'));
  const fingerprint = 'a'.repeat(64);
  const reply = preauthorize({ id: 'box-6', fingerprint }, { id: 'box-5', fingerprint });
  assert.equal(await codeOf(reply), 'FINGERPRINT_MISMATCH');
  assert.equal((await fleet.call('GET', 'devices/box-6')).status, 404);
});

test('each decision is in the audit log', async () => {
  const reply = await fleet.call('GET', 'audit?limit=100');
  const { entries } = (await reply.json()) as { entries: { action: string; subject: string }[] };
  const decisions = entries.map(({ action, subject }) => `${subject} ${action}`);
  for (const expected of [
    'box-1 device.preauthorized',
    'box-1 device.enrolled',
    'box-2 device.accepted',
    'box-3 device.rejected',
  ])
    assert.equal(decisions.filter((decision) => decision === expected).length, 1, expected);
});
