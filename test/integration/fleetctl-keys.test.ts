import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fleetctl } from '../support/fleetctl.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'watchpost-keys-'));
  assert.equal((await fleetctl(['keys', 'new', '--out', join(root, 'one')])).status, 0);
});
after(() => rm(root, { recursive: true }));

test('a private key is readable by its owner only, and never written over', async () => {
  assert.equal((await stat(join(root, 'one.key'))).mode & 0o777, 0o600);
  const again = await fleetctl(['keys', 'new', '--out', join(root, 'one')]);
  assert.equal(again.status, 1);
  assert.match(again.error, /there already/);
});

test('a key that is missing, public or of another kind signs nothing', async () => {
  const env = { WATCHPOST_SERVER: 'http://127.0.0.1:1', WATCHPOST_PASSWORD_FILE: join(root, 'one.pub') };
  const sign = async (key: string) =>
    (await fleetctl(['sign', 'models', '--key', join(root, key)], env)).error;
  assert.match(await sign('nothing.key'), /FILE_UNREADABLE/);
  assert.match(await sign('one.pub'), /KEY_INVALID/);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(join(root, 'ec.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  assert.match(await sign('ec.key'), /not an Ed25519 key/);
});
