import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { EnrolRequest } from '@watchpost/shared/messages/enrolment.ts';
import { createDeviceAuthenticator } from '../../fleet-server/src/devices/device-authenticator.ts';
import { createEnrolment } from '../../fleet-server/src/devices/enrolment.ts';
import type { Enrolment } from '../../fleet-server/src/devices/port.ts';
import { createCertification } from '../../fleet-server/src/identity/certification.ts';
import type { CertificateAuthority } from '../../fleet-server/src/identity/port.ts';
import type { DeviceRecord, Store } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { csrOf, makeAuthority, makeBox, enrolRequest as requestOf } from '../support/certified-box.ts';

/** With another last byte: that of its signature. */
function changed(csr: string): string {
  const der = Buffer.from(csr.replaceAll(/-----.*-----/g, ''), 'base64');
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
}

describe('enrolment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchpost-enrolment-'));
  const warnings: string[] = [];
  const added: DeviceRecord[] = [];
  let store: Store;
  let enrolment: Enrolment;
  let authority: CertificateAuthority;
  let nowMs = 1_000;
  const log: Logger = { ...silentLogger, warn: (_facts, message) => warnings.push(message) };

  before(async () => {
    store = await openSqliteStore(join(folder, 'fleet.db'));
    authority = await makeAuthority();
    enrolment = createEnrolment({
      devices: store.devices,
      authority,
      certification: createCertification({ authority, certificates: store.certificates }),
      projection: { addDevice: (record) => added.push(record) },
      nowMs: () => nowMs,
      log,
      welcome: { fleet: 'main', brokerUrl: () => 'mqtt://127.0.0.1:1883', directorKey: 'director key' },
    });
  });
  after(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const mayConnect = (id: string, secret: string) =>
    createDeviceAuthenticator(store.devices, isRevoked)(id, secret);
  const isRevoked = (fingerprint: string) => store.certificates.isRevoked({ fingerprint });
  const newToken = async (ttlMinutes = 10) => (await enrolment.createToken(ttlMinutes)).token;

  test('a box with a token becomes a device that may connect with its secret', async () => {
    const box = makeBox('box-1');
    const request = await requestOf(box, await newToken());
    const answer = await enrolment.enrol(request);
    assert.ok('certificate' in answer);
    const { certificate, ...reply } = answer;
    assert.deepEqual(reply, {
      deviceId: 'box-1',
      fleet: 'main',
      brokerUrl: 'mqtt://127.0.0.1:1883',
      directorKey: 'director key',
      caCertificate: authority.caPem,
    });
    assert.equal(new X509Certificate(certificate).subject, 'CN=box-1');
    assert.equal(await mayConnect('box-1', 'secret'), true);
    assert.equal(await mayConnect('box-1', 'guess'), false);
    assert.equal(await mayConnect('nobody', 'secret'), false);
    assert.equal(added.at(-1)?.id, 'box-1');
  });

  test('the token is stored as a hash only', async () => {
    const token = await newToken();
    assert.equal((await store.devices.findToken(token)) === undefined, true);
    assert.equal((await store.devices.findToken(sha256Hex(token)))?.expiresAtMs, nowMs + 600_000);
  });

  test('an unknown token is refused', async () => {
    const request = await requestOf(makeBox('box-2'), 'no-such-token-at-all');
    await assert.rejects(enrolment.enrol(request), { code: 'TOKEN_INVALID' });
  });

  test('an expired token is refused', async () => {
    const token = await newToken(1);
    nowMs += 60_000;
    await assert.rejects(enrolment.enrol(await requestOf(makeBox('box-3'), token)), {
      code: 'TOKEN_INVALID',
      message: /expired/,
    });
  });

  test('a token enrols one box', async () => {
    const token = await newToken();
    await enrolment.enrol(await requestOf(makeBox('box-4'), token));
    await assert.rejects(enrolment.enrol(await requestOf(makeBox('box-5'), token)), { code: 'TOKEN_USED' });
    await assert.rejects(enrolment.enrol(await requestOf(makeBox('box-4'), token)), { code: 'TOKEN_USED' });
    assert.equal(await store.devices.find('box-5'), undefined);
  });

  test('a box that did not hear the answer may ask again, later and with a new secret', async () => {
    const [box, token] = [makeBox('box-6'), await newToken()];
    await enrolment.enrol(await requestOf(box, token, 'first'));
    const enrolledAtMs = nowMs;
    nowMs += 24 * 3_600_000;
    await enrolment.enrol(await requestOf(box, token, 'second'));
    assert.equal(await mayConnect('box-6', 'first'), false);
    assert.equal(await mayConnect('box-6', 'second'), true);
    assert.equal((await store.devices.find('box-6'))?.enrolledAtMs, enrolledAtMs);
  });

  test('a box with a new disk enrols again with a fresh token, and that is logged', async () => {
    await enrolment.enrol(await requestOf(makeBox('box-7'), await newToken()));
    assert.equal(warnings.length, 0);
    await enrolment.enrol(await requestOf(makeBox('box-7'), await newToken(), 'renewed'));
    assert.equal(await mayConnect('box-7', 'renewed'), true);
    assert.deepEqual(warnings, ['device enrolled again with another key']);
  });

  const FORGED: readonly (readonly [string, (good: EnrolRequest) => Promise<EnrolRequest>])[] = [
    ['a proof by another key', async (good) => ({ ...good, csr: await csrOf(makeBox('box-8')) })],
    ['a proof of another secret', async (good) => ({ ...good, secretSha256: sha256Hex('other') })],
    ['a proof that is no signature', async (good) => ({ ...good, proof: 'AAAA' })],
    ['an empty proof', async (good) => ({ ...good, proof: '' })],
    ['a request for another device', async (good) => ({ ...good, deviceId: 'box-9' })],
    ['a CSR that is none', async (good) => ({ ...good, csr: 'csr' })],
    ['a CSR for another name', async (good) => ({ ...good, csr: await csrOf(makeBox('box-8'), 'box-1') })],
    [
      'a CSR for two names',
      async (good) => ({ ...good, csr: await csrOf(makeBox('box-8'), 'box-8,CN=box-1') }),
    ],
    ['a CSR that was changed', async (good) => ({ ...good, csr: changed(good.csr) })],
  ];
  for (const [name, forge] of FORGED) {
    test(`${name} is refused and leaves the token unused`, async () => {
      const [box, token] = [makeBox('box-8'), await newToken()];
      const good = await requestOf(box, token);
      await assert.rejects(enrolment.enrol(await forge(good)), { code: 'PROOF_INVALID' });
      assert.equal((await store.devices.findToken(sha256Hex(token)))?.usedBy, undefined);
      await enrolment.enrol(good);
    });
  }

  test('a revoked key is not enrolled again, with no token; a new key is', async () => {
    const box = makeBox('box-10');
    await enrolment.enrol(await requestOf(box, await newToken()));
    const device = await store.devices.find('box-10');
    assert.ok(device !== undefined);
    assert.equal(await store.certificates.revoke(device, nowMs), 1);
    assert.equal(await mayConnect('box-10', 'secret'), false);
    await assert.rejects(enrolment.enrol(await requestOf(box, await newToken())), { code: 'KEY_REVOKED' });
    await enrolment.enrol(await requestOf(makeBox('box-10'), await newToken()));
    assert.equal(await mayConnect('box-10', 'secret'), true);
  });
});
