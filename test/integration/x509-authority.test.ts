import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createServerCertificate } from '../../fleet-server/src/identity/server-certificate.ts';
import { createX509Authority } from '../../fleet-server/src/identity/x509-authority.ts';
import { loadAuthorityFile } from '../../fleet-server/src/identity/x509-authority-file.ts';

const DAY_MS = 24 * 3_600_000;
const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-authority-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const openAuthority = async (name = 'ca.pem', nowMs = () => Date.now()) =>
  createX509Authority({ file: await loadAuthorityFile(join(folder, name), nowMs()), nowMs });

test('the authority is made once, for its owner only, and found again', async () => {
  const first = await openAuthority();
  const again = await openAuthority();
  assert.equal(again.caPem, first.caPem);
  assert.equal((await stat(join(folder, 'ca.pem'))).mode & 0o777, 0o600);
  assert.equal(new X509Certificate(first.caPem).ca, true);
});

test('an authority file that is damaged is refused and kept', async () => {
  const path = join(folder, 'damaged.pem');
  await writeFile(path, 'not a key');
  await assert.rejects(loadAuthorityFile(path, 0), { code: 'FILE_UNREADABLE' });
  assert.equal(await readFile(path, 'utf8'), 'not a key');
});

test('the certificate of a box lives 30 days, is for clients and no authority', async () => {
  const authority = await openAuthority();
  const issued = await authority.issueDevice('box-1', KEY);
  const certificate = new X509Certificate(issued.certificatePem);
  assert.equal(certificate.subject, 'CN=box-1');
  assert.equal(certificate.serialNumber.toLowerCase(), issued.serial);
  assert.equal(certificate.validToDate.getTime(), issued.notAfterMs);
  assert.ok(Math.abs(issued.notAfterMs - Date.now() - 30 * DAY_MS) < 60_000);
  assert.equal(certificate.ca, false);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.ok(certificate.verify(new X509Certificate(authority.caPem).publicKey));
});

test('the certificate of the server names its hosts and addresses', async () => {
  const { cert } = await (await openAuthority()).issueServer(['fleet.example', '127.0.0.1']);
  const certificate = new X509Certificate(cert);
  assert.equal(certificate.checkHost('fleet.example'), 'fleet.example');
  assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(certificate.checkHost('other.example'), undefined);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
});

test('the server renews its own certificate after two thirds of its life', async () => {
  let nowMs = Date.now();
  let look = (): void => undefined;
  const authority = await openAuthority('ca.pem', () => nowMs);
  const certificate = await createServerCertificate({
    authority,
    hosts: ['localhost'],
    nowMs: () => nowMs,
    schedule: (_delayMs, run) => {
      look = run;
      return () => undefined;
    },
    log: silentLogger,
  });
  const first = certificate.current();
  const renewed = new Promise((resolve) => certificate.onRenewed(resolve));
  await certificate.start(AbortSignal.timeout(10_000));
  nowMs += 59 * DAY_MS;
  look();
  assert.equal(certificate.current(), first);
  nowMs += 2 * DAY_MS;
  look();
  assert.equal(await renewed, certificate.current());
  assert.notEqual(certificate.current().cert, first.cert);
  await certificate.stop();
});
