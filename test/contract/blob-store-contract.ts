import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, test } from 'node:test';
import type { BlobStore } from '../../fleet-server/src/blobs/port.ts';
import { sha256Hex } from '../../shared/src/kernel/digest.ts';

const CONTENT = Buffer.from('ten bytes!');
const DIGEST = sha256Hex(CONTENT);
const MAX_BYTES = 100;

/** What every blob store promises. `make` gives an empty one that takes files of up to `maxBytes`. */
export function blobStoreContract(name: string, make: (maxBytes: number) => Promise<BlobStore>): void {
  describe(`${name} keeps the contract of a blob store`, () => {
    let blobs: BlobStore;
    const put = (digest: string, ...chunks: readonly Buffer[]) => blobs.put(digest, Readable.from(chunks));
    beforeEach(async () => {
      blobs = await make(MAX_BYTES);
    });

    test('what was put is there, with its size', async () => {
      assert.deepEqual(await put(DIGEST, CONTENT.subarray(0, 3), CONTENT.subarray(3)), { sizeBytes: 10 });
      assert.equal(await blobs.size(DIGEST), 10);
      assert.deepEqual(await buffer(blobs.read(DIGEST)), CONTENT);
    });

    test('a range has both its ends', async () => {
      await put(DIGEST, CONTENT);
      assert.equal((await buffer(blobs.read(DIGEST, { start: 4, end: 8 }))).toString(), 'bytes');
    });

    test('what was never put has no size', async () => {
      assert.equal(await blobs.size(DIGEST), undefined);
    });

    test('putting the same content again is no error', async () => {
      await Promise.all([put(DIGEST, CONTENT), put(DIGEST, CONTENT)]);
      await put(DIGEST, CONTENT);
      assert.deepEqual(await buffer(blobs.read(DIGEST)), CONTENT);
    });

    test('an empty file is a file', async () => {
      await put(sha256Hex(''));
      assert.equal(await blobs.size(sha256Hex('')), 0);
    });

    test('when the digest differs, nothing is stored', async () => {
      await assert.rejects(put(sha256Hex('other'), CONTENT), { code: 'DIGEST_MISMATCH' });
      assert.equal(await blobs.size(sha256Hex('other')), undefined);
    });

    test('when the content is too long, nothing is stored', async () => {
      const long = Buffer.alloc(MAX_BYTES + 1);
      await assert.rejects(put(sha256Hex(long), long), { code: 'BODY_TOO_LARGE' });
      assert.equal(await blobs.size(sha256Hex(long)), undefined);
    });
  });
}
