import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { openDiskBlobs } from '../../fleet-server/src/blobs/disk-blobs.ts';
import { sha256Hex } from '../../shared/src/kernel/digest.ts';
import { blobStoreContract } from '../contract/blob-store-contract.ts';
import { createMemoryBlobs } from '../support/memory-blobs.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'watchpost-blobs-'));
});
after(() => rm(root, { recursive: true }));
const newFolder = () => mkdtemp(join(root, 'store-'));

blobStoreContract('disk', async (maxBytes) => openDiskBlobs({ folder: await newFolder(), maxBytes }));
blobStoreContract('memory', async (maxBytes) => createMemoryBlobs({ maxBytes }));

test('a file lies under the first two digits of its digest, and nothing is left beside it', async () => {
  const folder = await newFolder();
  const blobs = await openDiskBlobs({ folder, maxBytes: 100 });
  const digest = sha256Hex('x');
  await blobs.put(digest, Readable.from([Buffer.from('x')]));
  await assert.rejects(blobs.put(digest, Readable.from([Buffer.from('y')])), { code: 'DIGEST_MISMATCH' });
  assert.deepEqual(await readdir(join(folder, digest.slice(0, 2))), [digest]);
  assert.deepEqual(await readdir(join(folder, 'incoming')), []);
});

test('what a crash left half written is cleared away', async () => {
  const folder = await newFolder();
  await mkdir(join(folder, 'incoming'));
  await writeFile(join(folder, 'incoming', 'half'), 'ha');
  await openDiskBlobs({ folder, maxBytes: 100 });
  assert.deepEqual(await readdir(join(folder, 'incoming')), []);
});

test('when an upload breaks off, nothing is stored', async () => {
  const blobs = await openDiskBlobs({ folder: await newFolder(), maxBytes: 100 });
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('x');
      throw new Error('connection reset');
    })(),
  );
  await assert.rejects(blobs.put(sha256Hex('x'), broken), { code: 'DIGEST_MISMATCH' });
  assert.equal(await blobs.size(sha256Hex('x')), undefined);
});

test('when the folder cannot be written, the error says so', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'file'), '');
  await assert.rejects(openDiskBlobs({ folder: join(folder, 'file'), maxBytes: 1 }), {
    code: 'STORE_FAILED',
  });
});

test('a digest that is none never becomes a path', async () => {
  const blobs = await openDiskBlobs({ folder: await newFolder(), maxBytes: 100 });
  await assert.rejects(blobs.size('../../etc/passwd'), TypeError);
});
