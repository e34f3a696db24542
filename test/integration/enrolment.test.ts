import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import { type EnrolRequest, enrolmentChallenge } from '@watchpost/shared/messages/enrolment.ts';
import { createDeviceAuthenticator } from '../../fleet-server/src/devices/device-authenticator.ts';
import { createEnrolment } from '../../fleet-server/src/devices/enrolment.ts';
import type { Enrolment } from '../../fleet-server/src/devices/port.ts';
import type { DeviceRecord, Store } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { HARDWARE } from '../support/fleet-data.ts';

interface Box {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

function makeBox(id: string): Box {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { id, privateKey, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

function requestOf(box: Box, token: string, secret = 'secret'): EnrolRequest {
  const claim = { token, deviceId: box.id, secretSha256: sha256Hex(secret) };
  return {
    ...claim,
    publicKey: box.publicKey,
    proof: sign(null, Buffer.from(enrolmentChallenge(claim)), box.privateKey).toString('base64url'),
    agentVersion: '0.1.0',
    hardware: HARDWARE,
  };
}

describe('enrolment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchpost-enrolment-'));
  const warnings: string[] = [];
  const added: DeviceRecord[] = [];
  let store: Store;
  let enrolment: Enrolment;
  let nowMs = 1_000;
  const log: Logger = { ...silentLogger, warn: (_facts, message) => warnings.push(message) };

  before(async () => {
    store = await openSqliteStore(join(folder, 'fleet.db'));
    enrolment = createEnrolment({
      devices: store.devices,
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

  const mayConnect = (id: string, secret: string) => createDeviceAuthenticator(store.devices)(id, secret);
  const newToken = async (ttlMinutes = 10) => (await enrolment.createToken(ttlMinutes)).token;

  test('a box with a token becomes a device that may connect with its secret', async () => {
    const box = makeBox('box-1');
    const reply = await enrolment.enrol(requestOf(box, await newToken()));
    assert.deepEqual(reply, {
      deviceId: 'box-1',
      fleet: 'main',
      brokerUrl: 'mqtt://127.0.0.1:1883',
      directorKey: 'director key',
    });
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
    const request = requestOf(makeBox('box-2'), 'no-such-token-at-all');
    await assert.rejects(enrolment.enrol(request), { code: 'TOKEN_INVALID' });
  });

  test('an expired token is refused', async () => {
    const token = await newToken(1);
    nowMs += 60_000;
    await assert.rejects(enrolment.enrol(requestOf(makeBox('box-3'), token)), {
      code: 'TOKEN_INVALID',
      message: /expired/,
    });
  });

  test('a token enrols one box', async () => {
    const token = await newToken();
    await enrolment.enrol(requestOf(makeBox('box-4'), token));
    await assert.rejects(enrolment.enrol(requestOf(makeBox('box-5'), token)), { code: 'TOKEN_USED' });
    await assert.rejects(enrolment.enrol(requestOf(makeBox('box-4'), token)), { code: 'TOKEN_USED' });
    assert.equal(await store.devices.find('box-5'), undefined);
  });

  test('a box that did not hear the answer may ask again, later and with a new secret', async () => {
    const [box, token] = [makeBox('box-6'), await newToken()];
    await enrolment.enrol(requestOf(box, token, 'first'));
    const enrolledAtMs = nowMs;
    nowMs += 24 * 3_600_000;
    await enrolment.enrol(requestOf(box, token, 'second'));
    assert.equal(await mayConnect('box-6', 'first'), false);
    assert.equal(await mayConnect('box-6', 'second'), true);
    assert.equal((await store.devices.find('box-6'))?.enrolledAtMs, enrolledAtMs);
  });

  test('a box with a new disk enrols again with a fresh token, and that is logged', async () => {
    await enrolment.enrol(requestOf(makeBox('box-7'), await newToken()));
    assert.equal(warnings.length, 0);
    await enrolment.enrol(requestOf(makeBox('box-7'), await newToken(), 'renewed'));
    assert.equal(await mayConnect('box-7', 'renewed'), true);
    assert.deepEqual(warnings, ['device enrolled again with another key']);
  });

  const FORGED: readonly (readonly [string, (good: EnrolRequest) => EnrolRequest])[] = [
    ['a proof by another key', (good) => ({ ...good, publicKey: makeBox('x').publicKey })],
    ['a proof of another device', (good) => ({ ...good, deviceId: 'box-9' })],
    ['a proof of another secret', (good) => ({ ...good, secretSha256: sha256Hex('other') })],
    ['a proof that is no signature', (good) => ({ ...good, proof: 'AAAA' })],
    ['an empty proof', (good) => ({ ...good, proof: '' })],
    ['a key that is no key', (good) => ({ ...good, publicKey: 'key' })],
    [
      'a key of another kind',
      (good) => ({
        ...good,
        publicKey: generateKeyPairSync('ec', { namedCurve: 'P-256' })
          .publicKey.export({ type: 'spki', format: 'pem' })
          .toString(),
      }),
    ],
  ];
  for (const [name, forge] of FORGED) {
    test(`${name} is refused and leaves the token unused`, async () => {
      const [box, token] = [makeBox('box-8'), await newToken()];
      const good = requestOf(box, token);
      await assert.rejects(enrolment.enrol(forge(good)), { code: 'PROOF_INVALID' });
      assert.equal((await store.devices.findToken(sha256Hex(token)))?.usedBy, undefined);
      await enrolment.enrol(good);
    });
  }
});
