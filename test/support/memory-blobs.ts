import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { BlobStore } from '../../fleet-server/src/blobs/port.ts';
import { serverError } from '../../fleet-server/src/kernel/errors.ts';

/** Blobs in memory. */
export function createMemoryBlobs({ maxBytes }: { readonly maxBytes: number }): BlobStore {
  const blobs = new Map<string, Buffer>();
  return {
    put: async (sha256, content) => {
      const bytes = await buffer(content);
      if (bytes.length > maxBytes)
        throw serverError('BODY_TOO_LARGE', `${sha256} is longer than ${maxBytes}`);
      if (sha256Hex(bytes) !== sha256) throw serverError('DIGEST_MISMATCH', `not ${sha256}`);
      blobs.set(sha256, bytes);
      return { sizeBytes: bytes.length };
    },
    size: async (sha256) => blobs.get(sha256)?.length,
    read: (sha256, range) => {
      const bytes = blobs.get(sha256) ?? Buffer.alloc(0);
      return Readable.from([range === undefined ? bytes : bytes.subarray(range.start, range.end + 1)]);
    },
  };
}
