import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { syncFolder } from '@watchpost/shared/kernel/files.ts';
import { serverError } from '../kernel/errors.ts';
import { onDisk } from '../kernel/on-disk.ts';
import type { BlobStore } from './port.ts';

export interface DiskBlobsOptions {
  /** Files lie at `<folder>/ab/abcd…`, those on their way in at `<folder>/incoming`. */
  readonly folder: string;
  /** Longest file taken. */
  readonly maxBytes: number;
}

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * Content-addressed files on the local disk. What a crash left half written is cleared away here.
 * @throws AppError STORE_FAILED
 */
export async function openDiskBlobs(options: DiskBlobsOptions): Promise<BlobStore> {
  const incoming = join(options.folder, 'incoming');
  await onDisk(`preparing ${incoming}`, async () => {
    await rm(incoming, { recursive: true, force: true });
    await mkdir(incoming, { recursive: true });
  });
  const pathOf = (sha256: string): string => {
    if (!SHA256.test(sha256)) throw new TypeError(`"${sha256}" is not a SHA-256`);
    return join(options.folder, sha256.slice(0, 2), sha256);
  };
  return {
    put: async (sha256, content) => {
      const beside = join(incoming, randomUUID());
      const path = pathOf(sha256);
      try {
        const sizeBytes = await receive(content, { beside, sha256, maxBytes: options.maxBytes });
        await onDisk(`storing ${sha256}`, () => moveInto(beside, path));
        return { sizeBytes };
      } finally {
        await rm(beside, { force: true });
      }
    },
    size: async (sha256) => {
      const path = pathOf(sha256);
      const found = await onDisk(`looking for ${sha256}`, () =>
        stat(path).catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return undefined;
          throw error;
        }),
      );
      return found?.size;
    },
    read: (sha256, range) => createReadStream(pathOf(sha256), range),
  };
}

interface Receipt {
  readonly beside: string;
  readonly sha256: string;
  readonly maxBytes: number;
}

/** Writes the stream to `beside`, synced, and checks it on the way. @returns its size */
async function receive(content: Readable, { beside, sha256, maxBytes }: Receipt): Promise<number> {
  const doing = `storing ${sha256}`;
  const file = await onDisk(doing, () => open(beside, 'wx'));
  try {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of chunksOf(content, sha256)) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes)
        throw serverError('BODY_TOO_LARGE', `file ${sha256} is longer than ${maxBytes} bytes`);
      hash.update(chunk);
      await onDisk(doing, () => writeAll(file, chunk));
    }
    const found = hash.digest('hex');
    if (found !== sha256)
      throw serverError(
        'DIGEST_MISMATCH',
        `expected SHA-256 ${sha256}, received ${sizeBytes} bytes of ${found}`,
      );
    await onDisk(doing, () => file.sync());
    return sizeBytes;
  } finally {
    await file.close();
  }
}

/**
 * The chunks of `content`. It is not destroyed when the loop is left early: it may be the body of a request that still
 * wants its reply.
 */
async function* chunksOf(content: Readable, sha256: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of content.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } catch (cause) {
    throw serverError('DIGEST_MISMATCH', `file ${sha256} broke off on its way in`, { cause });
  }
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    written += (await file.write(chunk, written)).bytesWritten;
  }
}

async function moveInto(beside: string, path: string): Promise<void> {
  const folder = dirname(path);
  const made = await mkdir(folder, { recursive: true });
  if (made !== undefined) await syncFolder(dirname(folder));
  await rename(beside, path);
  await syncFolder(folder);
}
