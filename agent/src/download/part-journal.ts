import { readFile, rm } from 'node:fs/promises';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import Type, { type Static } from 'typebox';

const Journal = Type.Object(
  { bootId: Type.String(), syncedBytes: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false },
);
type Journal = Static<typeof Journal>;

const parseJournal = createJsonParser(Journal, 'journal of a download');
const pathOf = (part: string): string => `${part}.journal`;

/** As much of a download as a power cut may cost. */
export const SYNC_EVERY_BYTES = 4 * 1024 * 1024;

/**
 * How many of the `sizeBytes` of a part may be built upon. A process that was killed leaves what it wrote; a power cut
 * leaves what was synced, and perhaps zeros after it. Without a journal the digest of the whole decides.
 */
export async function findSoundBytes(part: string, sizeBytes: number): Promise<number> {
  const journal = await loadJournal(part);
  if (journal === undefined || journal.bootId === (await readBootId())) return sizeBytes;
  return Math.min(sizeBytes, journal.syncedBytes);
}

/** Says that the first `syncedBytes` are safe on the disk. */
export async function saveSynced(part: string, syncedBytes: number): Promise<void> {
  const journal: Journal = { bootId: await readBootId(), syncedBytes };
  await writeFileAtomic(pathOf(part), `${JSON.stringify(journal)}\n`);
}

export async function dropJournal(part: string): Promise<void> {
  await rm(pathOf(part), { force: true });
}

/** @returns undefined when there is none that can be read */
async function loadJournal(part: string): Promise<Journal | undefined> {
  return readFile(pathOf(part), 'utf8')
    .then(parseJournal, () => undefined)
    .catch(() => undefined);
}

/** Changes with every start of the machine; where there is none, every start looks the same. */
async function readBootId(): Promise<string> {
  return readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
}
