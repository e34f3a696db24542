import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BundleFile } from '@watchpost/shared/bundle/manifest.ts';
import { syncFolder } from '@watchpost/shared/kernel/files.ts';
import { agentError } from '../kernel/errors.ts';
import { inStore } from '../kernel/store-error.ts';
import { dropJournal, findSoundBytes, SYNC_EVERY_BYTES, saveSynced } from './part-journal.ts';
import { PART_SUFFIX } from './port.ts';

/** Bytes from `startByte` on: the one asked for, or 0 where the other side cannot resume. */
export interface ByteStream {
  readonly startByte: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}
export type OpenBytes = (fromByte: number) => Promise<ByteStream>;
type Content = Pick<BundleFile, 'sha256' | 'sizeBytes'>;

/**
 * Receives a file into `<path>.part`, going on where that ends, and renames it when its digest is right. A part stays
 * when the stream breaks or the disk is full.
 * @throws AppError BUNDLE_DIGEST_MISMATCH | DISK_FULL | DOWNLOAD_FAILED, or what `openBytes` throws
 */
export async function receiveFile(file: Content, path: string, openBytes: OpenBytes): Promise<void> {
  const part = `${path}${PART_SUFFIX}`;
  let outcome = await receivePart(file, part, openBytes);
  // What a power cut left may be damaged: that is no fault of the source yet.
  if (outcome === 'damaged part') outcome = await receivePart(file, part, openBytes);
  if (outcome !== 'sound') {
    throw agentError('BUNDLE_DIGEST_MISMATCH', `what the source has as ${file.sha256} is another file`);
  }
  await inStore(`finishing ${path}`, async () => {
    await rename(part, path);
    await dropJournal(part);
    await syncFolder(dirname(path));
  });
}

type Outcome = 'sound' | 'other content' | 'damaged part';

/** A part that is not sound at its end is deleted. */
async function receivePart(file: Content, part: string, openBytes: OpenBytes): Promise<Outcome> {
  const handle = await inStore(`opening ${part}`, () => open(part, 'a'));
  try {
    const present = await inStore(`reading ${part}`, () => readPresent(handle, part, file.sizeBytes));
    const { hash, resumedAt } = await append({ file, part, handle, present, openBytes });
    await inStore(`writing ${part}`, () => handle.sync());
    if (hash.digest('hex') === file.sha256) return 'sound';
    await inStore(`deleting ${part}`, async () => {
      await rm(part, { force: true });
      await dropJournal(part);
    });
    return resumedAt > 0 ? 'damaged part' : 'other content';
  } finally {
    await handle.close();
  }
}

interface Received {
  readonly hash: Hash;
  readonly sizeBytes: number;
}

async function readPresent(handle: FileHandle, part: string, limitBytes: number): Promise<Received> {
  const { size } = await handle.stat();
  const soundBytes = await findSoundBytes(part, size);
  const sizeBytes = soundBytes > limitBytes ? 0 : soundBytes;
  if (sizeBytes < size) await handle.truncate(sizeBytes);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(part)) hash.update(chunk);
  return { hash, sizeBytes };
}

interface Appending {
  readonly file: Content;
  readonly part: string;
  readonly handle: FileHandle;
  readonly present: Received;
  readonly openBytes: OpenBytes;
}

/** Writes what lacks. A stream that goes on past the end is cut: its content is another file's. */
async function append({
  file,
  part,
  handle,
  present,
  openBytes,
}: Appending): Promise<{ hash: Hash; resumedAt: number }> {
  if (present.sizeBytes === file.sizeBytes) return { hash: present.hash, resumedAt: present.sizeBytes };
  const { startByte, chunks } = await openBytes(present.sizeBytes);
  const isResumed = startByte === present.sizeBytes;
  const hash = isResumed ? present.hash : createHash('sha256');
  if (!isResumed) {
    await inStore('starting a download anew', async () => {
      await dropJournal(part);
      await handle.truncate(0);
    });
  }
  let sizeBytes = startByte;
  let syncedBytes = startByte;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    hash.update(chunk);
    if (sizeBytes > file.sizeBytes) break;
    await inStore(`downloading ${file.sha256}`, () => handle.appendFile(chunk));
    if (sizeBytes - syncedBytes < SYNC_EVERY_BYTES) continue;
    await inStore(`downloading ${file.sha256}`, () => handle.sync());
    syncedBytes = sizeBytes;
    await inStore(`downloading ${file.sha256}`, () => saveSynced(part, syncedBytes));
  }
  if (sizeBytes < file.sizeBytes) {
    throw agentError('DOWNLOAD_FAILED', `${file.sha256} ended after ${sizeBytes} of ${file.sizeBytes} bytes`);
  }
  return { hash, resumedAt: startByte };
}
