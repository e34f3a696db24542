import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { createJwsOrderReader } from '../../agent/src/trust/jws-order.ts';
import { ROOTLESS_TRUST } from '../../agent/src/trust/rootless-trust.ts';
import { makeBundle, makeKeyPair } from '../support/test-bundle.ts';
import { composeOrder, signOrder } from '../support/test-order.ts';

const DIRECTOR = makeKeyPair();
const BUNDLE = makeBundle();
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

test('a box without a root of trust installs nothing, and says what to set', async () => {
  await assert.rejects(ROOTLESS_TRUST.verify(ORDER, new AbortController().signal), {
    code: 'TRUST_ROOT_MISSING',
    message: /models\/pets\/1\.0\.0 cannot be trusted: trust\.rootFile is not set/,
  });
});
