import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { signManifest, verifyManifest } from './signature.ts';

const ours = generateKeyPairSync('ed25519');
const theirs = generateKeyPairSync('ed25519');
const manifest = { model: 'm', version: '1', files: [{ path: 'a', sizeBytes: 1 }] };

test('a signature of a pinned key is trusted, whatever the order of the keys in the document', () => {
  const signature = signManifest(manifest, ours.privateKey);
  const reordered = { files: [{ sizeBytes: 1, path: 'a' }], version: '1', model: 'm' };
  assert.equal(verifyManifest(reordered, [signature], [ours.publicKey]).kind, 'trusted');
});

test('a signature of a key that is not pinned is foreign', () => {
  const signature = signManifest(manifest, theirs.privateKey);
  assert.deepEqual(verifyManifest(manifest, [signature], [ours.publicKey]), {
    kind: 'rejected',
    reason: 'foreignKey',
  });
});

test('a changed document breaks the signature', () => {
  const signature = signManifest(manifest, ours.privateKey);
  assert.deepEqual(verifyManifest({ ...manifest, version: '2' }, [signature], [ours.publicKey]), {
    kind: 'rejected',
    reason: 'badSignature',
  });
});

test('a foreign signature beside a good one does no harm', () => {
  const signatures = [signManifest(manifest, theirs.privateKey), signManifest(manifest, ours.privateKey)];
  assert.equal(verifyManifest(manifest, signatures, [ours.publicKey]).kind, 'trusted');
});
