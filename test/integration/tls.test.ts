import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { TlsCredentials } from '../../agent/src/identity/port.ts';
import { createAedesBroker } from '../../fleet-server/src/broker/aedes-broker.ts';
import { parseServerFlags } from '../../fleet-server/src/config/flags.ts';
import { startServer } from '../../fleet-server/src/main.ts';
import { authorityIn, type Box, keyOf, makeAuthority, makeBox, pemOf } from '../support/certified-box.ts';
import { closed, topicOf } from '../support/mqtt-device.ts';
import { startTlsFleet, type TlsFleet } from '../support/tls-fleet.ts';

const DAY_MS = 24 * 3_600_000;
const DIGEST = 'a'.repeat(64);
let fleet: TlsFleet;
let box: Box;
let credentials: TlsCredentials;

before(async () => {
  fleet = await startTlsFleet();
  box = makeBox('box-1');
  credentials = await fleet.enrol(box);
});
after(() => fleet.stop());

/** The status of a request only devices and people with a role may make. */
const statusFor = async (shown?: TlsCredentials): Promise<number> => {
  const authorization = `Basic ${btoa('box-1:secret')}`;
  const url = `${fleet.url}/api/v1/artifacts/${DIGEST}`;
  return (await fleet.fetchAs(shown)(url, { headers: { authorization } })).status;
};

test('a box with its certificate is known over HTTPS and MQTT', async () => {
  assert.equal(await statusFor(credentials), 404);
  const client = await fleet.connect('box-1', credentials);
  await client.publishAsync(topicOf('box-1', 'status'), '{}', { qos: 1 });
  await client.endAsync();
});

test('the secret of a box counts for nothing on a TLS listener', async () => {
  assert.equal(await statusFor(), 401);
  await assert.rejects(fleet.connect('box-1', {}, { password: 'secret' }));
});

test('a person needs no certificate', async () => {
  assert.equal((await fleet.call('GET', 'devices')).status, 200);
});

test('a certificate of a foreign authority is refused', async () => {
  const { certificatePem: cert } = await (await makeAuthority()).issueDevice('box-1', pemOf(box));
  const foreign = { ...credentials, cert };
  assert.equal(await statusFor(foreign), 401);
  await assert.rejects(fleet.connect('box-1', foreign));
});

test('a server of a foreign authority is refused by the box', async () => {
  const ca = (await makeAuthority()).caPem;
  await assert.rejects(fleet.fetchAs({ ...credentials, ca })(fleet.url), /certificate/);
  await assert.rejects(fleet.connect('box-1', { ...credentials, ca }));
});

test('the certificate of the server is none for a client', async () => {
  const authority = await authorityIn(fleet.dataDir);
  const { key, cert } = await authority.issueServer(['box-1']);
  assert.equal(await statusFor({ key, cert, ca: fleet.ca }), 401);
  await assert.rejects(fleet.connect('box-1', { key, cert }));
});

test('an expired certificate is refused', async () => {
  const long = () => Date.now() - 40 * DAY_MS;
  const { certificatePem: cert } = await (await authorityIn(fleet.dataDir, long)).issueDevice(
    'box-1',
    pemOf(box),
  );
  assert.equal(await statusFor({ ...credentials, cert }), 401);
  await assert.rejects(fleet.connect('box-1', { ...credentials, cert }));
});

test('a genuine certificate for a key that is not the enrolled one is refused', async () => {
  const other = makeBox('box-1');
  const { certificatePem: cert } = await (await authorityIn(fleet.dataDir)).issueDevice(
    'box-1',
    pemOf(other),
  );
  const stolen = { key: keyOf(other), cert, ca: fleet.ca };
  assert.equal(await statusFor(stolen), 401);
  await assert.rejects(fleet.connect('box-1', stolen));
});

test('a box cannot connect as another device, nor speak or listen for it', async () => {
  await fleet.enrol(makeBox('box-2'));
  await assert.rejects(fleet.connect('box-2', credentials));
  const client = await fleet.connect('box-1', credentials);
  await assert.rejects(client.subscribeAsync(topicOf('box-2', 'receipt')));
  const ended = closed(client);
  client.publish(topicOf('box-2', 'status'), '{}', { qos: 1 });
  await ended;
});

test('a second connection of a box takes over from the first', async () => {
  const first = await fleet.connect('box-1', credentials);
  const ended = closed(first);
  const second = await fleet.connect('box-1', credentials);
  await ended;
  assert.equal(second.connected, true);
  await second.endAsync();
});

test('TLS 1.1 is refused, and a session is resumed', async () => {
  const port = Number(new URL(fleet.mqttUrl).port);
  const options = { port, host: '127.0.0.1', ...credentials } as const;
  const old = connectTls({
    ...options,
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  await assert.rejects(once(old, 'secureConnect'));
  const first = connectTls(options);
  const [session] = (await once(first, 'session')) as [Buffer];
  first.destroy();
  const second = connectTls({ ...options, session });
  await once(second, 'secureConnect');
  assert.equal(second.isSessionReused(), true);
  second.destroy();
});

test('a plain listener on an address others can reach is refused', async () => {
  const config = parseServerFlags(['--plain', '--host', '0.0.0.0', '--data-dir', '/nonexistent']);
  const start = startServer(config, silentLogger, new AbortController().signal);
  await assert.rejects(start, { code: 'PLAIN_REFUSED' });
});

test('a revoked box loses its connection at once and comes back with a new key only', async () => {
  const shown = await fleet.enrol(makeBox('box-3'));
  const client = await fleet.connect('box-3', shown);
  const ended = closed(client);
  assert.equal((await fleet.call('POST', 'devices/box-3/revoke', {})).status, 200);
  await ended;
  await assert.rejects(fleet.connect('box-3', shown));
  assert.equal(await statusFor(shown), 401);
  const renewed = await fleet.enrol(makeBox('box-3'));
  assert.equal(await statusFor(renewed), 404);
  await (await fleet.connect('box-3', renewed)).endAsync();
});

test('a revocation counts on a connection that stands', async () => {
  const shown = await fleet.enrol(makeBox('box-4'));
  const keptAlive = fleet.fetchAs(shown);
  const url = `${fleet.url}/api/v1/artifacts/${DIGEST}`;
  const status = async () => (await keptAlive(url, { headers: { authorization: 'Basic eA==' } })).status;
  assert.equal(await status(), 404);
  await fleet.call('POST', 'devices/box-4/revoke', {});
  assert.equal(await status(), 401);
});

test('a decommissioned device is gone for good', async () => {
  const shown = await fleet.enrol(makeBox('box-5'));
  const reply = await fleet.call('POST', 'devices/box-5/decommission', {});
  assert.equal(((await reply.json()) as { state: string }).state, 'decommissioned');
  await assert.rejects(fleet.connect('box-5', shown));
  await assert.rejects(fleet.enrol(makeBox('box-5')));
  const again = await fleet.call('POST', 'devices/box-5/decommission', {});
  assert.equal(again.status, 409);
});

test('each decision is in the audit log', async () => {
  const reply = await fleet.call('GET', 'audit?limit=100');
  const { entries } = (await reply.json()) as { entries: { action: string; subject: string }[] };
  const decisions = entries.map(({ action, subject }) => `${subject} ${action}`);
  for (const expected of ['box-3 device.revoked', 'box-5 device.decommissioned'])
    assert.ok(decisions.includes(expected), decisions.join(', '));
});

test('fleetctl speaks with the server by its authority, and not without', async () => {
  const run = (args: readonly string[]) =>
    promisify(execFile)(process.execPath, [
      ...[join(import.meta.dirname, '../../fleet-server/src/cli/fleetctl.ts'), 'device', 'show', 'box-1'],
      ...['--server', fleet.url, '--password-file', join(fleet.dataDir, 'admin-password'), ...args],
    ]);
  const { stdout } = await run(['--ca-file', join(fleet.dataDir, 'ca.crt')]);
  assert.match(stdout, /^box-1 is /);
  await assert.rejects(run([]), /SERVER_UNREACHABLE|got no answer/);
});

test('a connection that never begins its handshake does not keep the broker from stopping', async () => {
  const { caPem: ca, ...authority } = await makeAuthority();
  const material = { ...(await authority.issueServer(['127.0.0.1'])), ca };
  const broker = createAedesBroker({
    ...{ host: '127.0.0.1', port: 0, fleet: 'main', log: silentLogger },
    authenticate: async () => true,
    tls: {
      certificate: { current: () => material, onRenewed: () => undefined },
      identify: async () => undefined,
    },
  });
  await broker.start(new AbortController().signal);
  const silent = connect(broker.port, '127.0.0.1');
  silent.on('error', () => undefined);
  await once(silent, 'connect');
  await Promise.all([broker.stop(), once(silent, 'close')]);
});
