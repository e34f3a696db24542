import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { computeKeyId } from '@watchpost/shared/trust/signature.ts';
import { createJwsOrderReader } from '../../agent/src/update/jws-order.ts';
import { createPinnedTrust, loadPublicKeys } from '../../agent/src/update/pinned-trust.ts';
import { makeBundle, makeKeyPair, type TestBundle } from '../support/test-bundle.ts';
import { composeOrder, signOrder } from '../support/test-order.ts';

const DIRECTOR = makeKeyPair();
const BUNDLE = makeBundle({ signer: makeKeyPair().privateKey });
const ORDER = composeOrder(BUNDLE, { deploymentId: 'd1' });
const reader = createJwsOrderReader({
  deviceId: ORDER.deviceId,
  directorKeys: { list: async () => [makeKeyPair().publicKey, DIRECTOR.publicKey] },
});

async function assertRefused(token: string, why: RegExp): Promise<void> {
  await assert.rejects(reader.read(token), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'ORDER_INVALID');
    assert.match(error.message, why);
    return true;
  });
}

test('an order of the director is read', async () => {
  assert.deepEqual(await reader.read(await signOrder(ORDER, DIRECTOR.privateKey)), ORDER);
});

test('an order somebody else signed is refused', async () => {
  await assertRefused(
    await signOrder(ORDER, makeKeyPair().privateKey),
    /not signed by this fleet's director/,
  );
});

test('an order that was changed after it was signed is refused', async () => {
  const [header, , signature] = (await signOrder(ORDER, DIRECTOR.privateKey)).split('.');
  const changed = Buffer.from(JSON.stringify({ ...ORDER, sha256: '0'.repeat(64) })).toString('base64url');
  await assertRefused(`${header}.${changed}.${signature}`, /not signed by this fleet's director/);
});

test('an order for another box is refused', async () => {
  const other = { ...ORDER, deviceId: 'gate-4' };
  await assertRefused(await signOrder(other, DIRECTOR.privateKey), /for gate-4, this box is gate-3/);
});

test('a token of another type is no order', async () => {
  await assertRefused(await signOrder(ORDER, DIRECTOR.privateKey, 'JWT'), /not a signed order/);
});

test('an order without a signature is refused', async () => {
  const [, payload] = (await signOrder(ORDER, DIRECTOR.privateKey)).split('.');
  const header = Buffer.from('{"alg":"none","typ":"watchpost-order+jws"}').toString('base64url');
  await assertRefused(`${header}.${payload}.`, /not signed by this fleet's director/);
});

test('an order that names a key of the director and is signed with another is refused', async () => {
  const token = await signOrder(ORDER, makeKeyPair().privateKey);
  const header = {
    alg: 'EdDSA',
    typ: 'watchpost-order+jws',
    kid: computeKeyId(DIRECTOR.publicKey),
  };
  const forged = Buffer.from(JSON.stringify(header)).toString('base64url');
  await assertRefused(
    [forged, ...token.split('.').slice(1)].join('.'),
    /not signed by this fleet's director/,
  );
});

const MALFORMED: readonly (readonly [what: string, content: object])[] = [
  ['lacks a field', { ...ORDER, sha256: undefined }],
  ['has an unknown field', { ...ORDER, force: true }],
];
for (const [what, content] of MALFORMED) {
  test(`an order that ${what} is refused`, async () => {
    await assertRefused(await signOrder(content as Order, DIRECTOR.privateKey), /not a signed order/);
  });
}

const trusting = (...keys: readonly KeyObject[]) => createPinnedTrust(keys);
const claim = ({ manifest, signatures }: TestBundle) => ({ order: ORDER, manifest, signatures });
const NEVER = new AbortController().signal;

test('a bundle signed with a pinned key is trusted', async () => {
  const { publicKey, privateKey } = makeKeyPair();
  const bundle = makeBundle({ signer: privateKey });
  await trusting(makeKeyPair().publicKey, publicKey).verify(claim(bundle), NEVER);
});

test('a foreign signature, a changed manifest, and a box without keys are refused', async () => {
  const { publicKey, privateKey } = makeKeyPair();
  const bundle = makeBundle({ signer: privateKey });
  const changed = { ...bundle, manifest: { ...bundle.manifest, version: '9' } };
  const refused = { code: 'SIGNATURE_INVALID' };
  await assert.rejects(trusting(makeKeyPair().publicKey).verify(claim(bundle), NEVER), refused);
  await assert.rejects(trusting(publicKey).verify(claim(changed), NEVER), refused);
  await assert.rejects(trusting().verify(claim(bundle), NEVER), refused);
});

test('key files are read, and every one that holds no key is named', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-keys-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [good, bad, missing] = ['good.pem', 'bad.pem', 'missing.pem'].map((name) => join(folder, name));
  assert.ok(good !== undefined && bad !== undefined && missing !== undefined);
  await writeFile(good, makeKeyPair().publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(bad, 'no key');
  assert.equal((await loadPublicKeys([good])).length, 1);
  await assert.rejects(loadPublicKeys([bad, good, missing]), {
    code: 'CONFIG_INVALID',
    message: `trust.modelKeyFiles: not an Ed25519 public key in PEM: ${bad}, ${missing}`,
  });
});
