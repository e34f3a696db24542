import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, verify, X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, test } from 'node:test';
import { inspect } from 'node:util';
import { createParser } from '@watchpost/shared/kernel/parse.ts';
import { EnrolRequest, enrolmentChallenge } from '@watchpost/shared/messages/enrolment.ts';
import { type EnrolOptions, enrol } from '../../agent/src/identity/enrol.ts';
import { openFileCredentials } from '../../agent/src/identity/file-credentials.ts';
import { loadIdentity } from '../../agent/src/identity/file-identity.ts';
import { formatDeviceAuthorization } from '../../agent/src/identity/port.ts';
import type { CertificateAuthority } from '../../fleet-server/src/identity/port.ts';
import { makeAuthority, makeBox, pemOf } from '../support/certified-box.ts';

const TOKEN = 'token-0123456789abcdef';
const DIRECTOR = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
const ANSWER = {
  deviceId: 'gate-3',
  fleet: 'park',
  brokerUrl: 'mqtt://127.0.0.1:1883',
  directorKey: DIRECTOR,
};
const parseEnrolRequest = createParser(EnrolRequest, 'enrolment');

let dataDir = '';
let server: Server;
let url = '';
type Reply = { readonly status: number; readonly body: string } | 'hang up' | 'welcome';
let reply: Reply = 'welcome';
let authority: CertificateAuthority;
let received: EnrolRequest[] = [];

/** A whole answer, as the fleet server gives it. */
async function welcome({ csr, deviceId }: EnrolRequest): Promise<string> {
  const { publicKeyPem } = await authority.readRequest(csr, deviceId);
  const { certificatePem } = await authority.issueDevice(deviceId, publicKeyPem);
  return JSON.stringify({ ...ANSWER, certificate: certificatePem, caCertificate: authority.caPem });
}

before(async () => {
  authority = await makeAuthority();
});
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'watchpost-identity-'));
  received = [];
  reply = 'welcome';
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = await request.toArray();
    assert.equal(`${request.method} ${request.url}`, 'POST /api/v1/enrol');
    const asked = parseEnrolRequest(JSON.parse(Buffer.concat(chunks).toString()));
    received.push(asked);
    if (reply === 'hang up') return void response.destroy();
    const { status, body } = reply === 'welcome' ? { status: 200, body: await welcome(asked) } : reply;
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dataDir, { recursive: true, force: true });
});

const enrolHere = (options: Partial<EnrolOptions> = {}) =>
  enrol(
    {
      serverUrl: url,
      token: TOKEN,
      deviceId: 'gate-3',
      dataDir,
      agentVersion: '0.1.0',
      hardware: { board: 'b', cpu: 'c', cores: 2, memoryBytes: 1, os: 'o', arch: 'x64', gpu: [] },
      ...options,
    },
    AbortSignal.timeout(20_000),
  );
const refusal = (status: number, code: string, message: string) => ({
  status,
  body: JSON.stringify({ code, message, requestId: 'r1' }),
});

test('an enrolled box knows who it is after a restart', async () => {
  const identity = await enrolHere({ serverUrl: `${url}/` });
  const loaded = await loadIdentity(dataDir);
  assert.equal(loaded.fleet, 'park');
  assert.equal(loaded.brokerUrl, 'mqtt://127.0.0.1:1883');
  assert.equal(loaded.secret, identity.secret);
  assert.equal(loaded.directorKeys[0]?.asymmetricKeyType, 'ed25519');
});

test('the server learns the public key, a proof of the private one, and the hash of the secret', async () => {
  const { secret } = await enrolHere();
  const [request] = received;
  assert.ok(request !== undefined);
  assert.equal(request.secretSha256, createHash('sha256').update(secret).digest('hex'));
  assert.equal(Buffer.from(secret, 'base64url').length, 32);
  const { publicKeyPem } = await authority.readRequest(request.csr, 'gate-3');
  const isProven = verify(
    'sha256',
    Buffer.from(enrolmentChallenge(request)),
    createPublicKey(publicKeyPem),
    Buffer.from(request.proof, 'base64url'),
  );
  assert.ok(isProven);
});

test('only the owner can read key and secret', async () => {
  await enrolHere();
  const folder = join(dataDir, 'identity');
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  for (const name of await readdir(folder)) {
    assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
  }
});

test('when the answer is lost, the next try shows the same key and secret', async () => {
  reply = 'hang up';
  await assert.rejects(enrolHere(), { code: 'SERVER_UNREACHABLE' });
  await assert.rejects(loadIdentity(dataDir), { code: 'NOT_ENROLLED' });
  reply = 'welcome';
  await enrolHere();
  const [first, second] = received;
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(second.secretSha256, first.secretSha256);
  assert.deepEqual(
    await authority.readRequest(second.csr, 'gate-3'),
    await authority.readRequest(first.csr, 'gate-3'),
  );
});

for (const [status, code, message] of [
  [403, 'TOKEN_INVALID', 'this token is not known'],
  [409, 'TOKEN_USED', 'this token enrolled gate-1'],
] as const) {
  test(`when the server says ${code}, the error repeats its words and nothing is enrolled`, async () => {
    reply = refusal(status, code, message);
    await assert.rejects(enrolHere(), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ENROL_REJECTED');
      assert.match(error.message, new RegExp(`${message} \\(${code}\\)$`));
      return true;
    });
    await assert.rejects(loadIdentity(dataDir), { code: 'NOT_ENROLLED' });
  });
}

test('neither token, secret nor private key stand in an error, even if the server repeats them', async () => {
  reply = refusal(403, 'TOKEN_INVALID', `no such token: ${TOKEN}`);
  const error: unknown = await enrolHere().catch((reason: unknown) => reason);
  const shown = inspect(error, { depth: 10 });
  const secret = await readFile(join(dataDir, 'identity/secret'), 'utf8');
  for (const hidden of [TOKEN, secret, 'PRIVATE KEY']) assert.ok(!shown.includes(hidden), hidden);
});

for (const [what, answer] of [
  ['a failing server', refusal(500, 'INTERNAL', 'database')],
  ['another web server', { status: 404, body: '<html>' }],
  ['a page with status 200', { status: 200, body: '<html>' }],
  ['an answer without a certificate', { status: 200, body: JSON.stringify(ANSWER) }],
] as const) {
  test(`${what} is an unreachable fleet server, not a rejection`, async () => {
    reply = answer;
    await assert.rejects(enrolHere(), { code: 'SERVER_UNREACHABLE' });
    await assert.rejects(loadIdentity(dataDir), { code: 'NOT_ENROLLED' });
  });
}

test('when nobody listens, the error names the address', async () => {
  await assert.rejects(enrolHere({ serverUrl: 'http://127.0.0.1:1' }), {
    code: 'SERVER_UNREACHABLE',
    message: 'http://127.0.0.1:1 does not answer',
  });
});

test('when the data folder cannot be written, the server is not asked', async () => {
  const blocked = join(dataDir, 'file');
  await writeFile(blocked, '');
  await assert.rejects(enrolHere({ dataDir: blocked }), { code: 'STORE_FAILED' });
  assert.equal(received.length, 0);
});

test('a damaged identity is no identity', async () => {
  await enrolHere();
  await writeFile(join(dataDir, 'identity/identity.json'), '{"deviceId":');
  await assert.rejects(loadIdentity(dataDir), { code: 'NOT_ENROLLED' });
});

test('a folder that was open to others is closed at enrolment', async () => {
  await enrolHere();
  await chmod(join(dataDir, 'identity'), 0o755);
  await enrolHere();
  assert.equal((await stat(join(dataDir, 'identity'))).mode & 0o777, 0o700);
});

test('a device authorizes itself with its id and secret', () => {
  const header = formatDeviceAuthorization({ deviceId: 'gate-3', secret: 's' });
  assert.equal(header, `Basic ${Buffer.from('gate-3:s').toString('base64')}`);
});

test('key and certificate of the box are there after a restart', async () => {
  await enrolHere();
  const credentials = (await openFileCredentials(dataDir)).current();
  assert.equal(credentials?.ca.trim(), authority.caPem.trim());
  assert.equal(new X509Certificate(credentials?.cert ?? '').subject, 'CN=gate-3');
  assert.match(credentials?.key ?? '', /PRIVATE KEY/);
});

test('a box that enrolled before there were certificates is known by its secret', async () => {
  await enrolHere();
  await rm(join(dataDir, 'identity/certificate.pem'));
  assert.equal((await loadIdentity(dataDir)).deviceId, 'gate-3');
  assert.equal((await openFileCredentials(dataDir)).current(), undefined);
});

test('a device key of another kind is replaced when the box enrols', async () => {
  await enrolHere();
  const old = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(join(dataDir, 'identity/device-key.pem'), old);
  await enrolHere();
  assert.ok((await openFileCredentials(dataDir)).current() !== undefined);
});

test('a certificate for another key is not taken', async () => {
  const { certificatePem } = await authority.issueDevice('gate-3', pemOf(makeBox('gate-3')));
  const answer = { ...ANSWER, certificate: certificatePem, caCertificate: authority.caPem };
  reply = { status: 200, body: JSON.stringify(answer) };
  await assert.rejects(enrolHere(), { code: 'SERVER_UNREACHABLE', message: /another key/ });
});

test('when the secret is damaged, the box is not enrolled, and the next enrolment makes another', async () => {
  await enrolHere();
  const { secret } = await loadIdentity(dataDir);
  for (const damage of ['', '\ufffd\u0000 rubbish', '\0'.repeat(43)]) {
    await writeFile(join(dataDir, 'identity', 'secret'), damage);
    await assert.rejects(loadIdentity(dataDir), { code: 'NOT_ENROLLED' });
    await enrolHere();
    const { secret: made } = await loadIdentity(dataDir);
    assert.match(made, /^[\w-]{43}$/);
    assert.notEqual(made, secret);
  }
});

test('when the key is damaged, the box is not enrolled, and the next enrolment makes another', async () => {
  await enrolHere();
  const path = join(dataDir, 'identity', 'device-key.pem');
  const before = await readFile(path, 'utf8');
  for (const damage of ['', before.slice(0, 90), '\0'.repeat(before.length)]) {
    await writeFile(path, damage);
    await assert.rejects(openFileCredentials(dataDir), { code: 'NOT_ENROLLED' });
    await enrolHere();
    assert.notEqual((await openFileCredentials(dataDir)).current(), undefined);
    assert.notEqual(await readFile(path, 'utf8'), before);
  }
});
