import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fleetctl } from '../support/fleetctl.ts';
import { makeManifest } from '../support/http-data.ts';

const MODEL = Buffer.from('a model');
let root = '';
let bundle = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'watchpost-sign-'));
  for (const name of ['one', 'two'])
    assert.equal((await fleetctl(['keys', 'new', '--out', join(root, name)])).status, 0);
});
after(() => rm(root, { recursive: true }));
beforeEach(async () => {
  bundle = await mkdtemp(join(root, 'bundle-'));
  await writeFile(join(bundle, 'model.onnx'), MODEL);
  await writeFile(join(bundle, 'manifest.json'), JSON.stringify(makeManifest(MODEL)));
});

const sign = (key: string) => fleetctl(['bundle', 'sign', bundle, '--key', join(root, key)]);
const verify = (key: string) => fleetctl(['bundle', 'verify', bundle, '--key', join(root, key)]);
const readSignatures = async () =>
  JSON.parse(await readFile(join(bundle, 'signatures.json'), 'utf8')).signatures as { keyId: string }[];

test('a private key is readable by its owner only, and never written over', async () => {
  assert.equal((await stat(join(root, 'one.key'))).mode & 0o777, 0o600);
  const again = await fleetctl(['keys', 'new', '--out', join(root, 'one')]);
  assert.equal(again.status, 1);
  assert.match(again.error, /there already/);
});

test('a signed bundle is trusted by the key that signed it', async () => {
  assert.equal((await sign('one.key')).status, 0);
  const { status, out } = await verify('one.pub');
  assert.equal(status, 0);
  assert.match(out, /whole and signed/);
});

test('each key signs once, beside the others', async () => {
  for (const key of ['one.key', 'two.key', 'one.key']) assert.equal((await sign(key)).status, 0);
  const ids = (await readSignatures()).map(({ keyId }) => keyId);
  assert.equal(new Set(ids).size, 2);
  assert.equal(ids.length, 2);
  assert.equal((await verify('two.pub')).status, 0);
});

test('a bundle nobody signed, or a foreign key signed, is not trusted', async () => {
  assert.match((await verify('one.pub')).error, /SIGNATURE_INVALID/);
  await sign('two.key');
  assert.match((await verify('one.pub')).error, /SIGNATURE_INVALID/);
});

test('a flipped byte and a missing file are named', async () => {
  await sign('one.key');
  await writeFile(join(bundle, 'model.onnx'), 'b model');
  assert.match((await verify('one.pub')).error, /model\.onnx.*\[DIGEST_MISMATCH\]/);
  assert.match((await sign('one.key')).error, /DIGEST_MISMATCH/);
  await rm(join(bundle, 'model.onnx'));
  assert.match((await verify('one.pub')).error, /model\.onnx.*\[BUNDLE_INCOMPLETE\]/);
});

test('a manifest changed after signing is not trusted', async () => {
  await sign('one.key');
  await writeFile(join(bundle, 'manifest.json'), JSON.stringify(makeManifest(MODEL, { releaseCounter: 9 })));
  assert.match((await verify('one.pub')).error, /does not fit its manifest \[SIGNATURE_INVALID\]/);
});

test('a folder that is no bundle, a manifest of a future schema and one that is not JSON are refused', async () => {
  const empty = join(root, 'empty');
  await mkdir(empty);
  const args = ['bundle', 'sign', empty, '--key', join(root, 'one.key')];
  assert.match((await fleetctl(args)).error, /FILE_UNREADABLE/);
  await writeFile(join(bundle, 'manifest.json'), JSON.stringify({ schemaVersion: 2 }));
  assert.match((await sign('one.key')).error, /MANIFEST_TOO_NEW/);
  await writeFile(join(bundle, 'manifest.json'), '{');
  assert.match((await sign('one.key')).error, /MESSAGE_INVALID/);
});

test('a key that is missing, public or of another kind is refused', async () => {
  assert.match((await sign('nothing.key')).error, /FILE_UNREADABLE/);
  assert.match((await sign('one.pub')).error, /KEY_INVALID/);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(join(root, 'ec.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  assert.match((await sign('ec.key')).error, /not an Ed25519 key/);
});
