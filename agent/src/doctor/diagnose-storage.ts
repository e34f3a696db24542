import { noteIn } from './check.ts';
import type { Check } from './port.ts';

export interface StorageFacts {
  readonly dataDir: string;
  readonly write: WriteFacts;
  readonly disk?: { readonly totalBytes: number; readonly freeBytes: number };
  readonly mount?: MountFacts;
  readonly databases: readonly DatabaseFacts[];
  /** Files that were damaged once and put aside. */
  readonly setAside: readonly string[];
}

export type WriteFacts =
  | { readonly kind: 'ok'; readonly syncMs: number }
  /** `code` is the file system's: EACCES, ENOENT, EROFS, ENOSPC ... */
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string };

export interface MountFacts {
  readonly device: string;
  readonly point: string;
  readonly fsType: string;
  readonly isReadOnly: boolean;
}

export interface DatabaseFacts {
  readonly name: string;
  readonly state: 'sound' | 'absent' | 'damaged' | 'unreadable';
  readonly detail: string;
}

const note = noteIn('storage');

const LITTLE_BYTES = 1024 ** 3;
const TOO_LITTLE_BYTES = 200 * 1024 ** 2;
const SLOW_SYNC_MS = 250;
const VOLATILE = ['tmpfs', 'ramfs'];
const WITHOUT_RIGHTS = ['vfat', 'exfat', 'msdos'];

const WRITE_ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'Create it, owned by the user of the agent, or correct dataDir.',
  EACCES: 'Run doctor as root (sudo); if it was, give the folder to the user of the agent.',
  EPERM: 'Run doctor as root (sudo); if it was, give the folder to the user of the agent.',
  EROFS: 'The disk is read-only: see `dmesg` for disk errors, and check or replace the card.',
  ENOSPC: 'The disk is full: delete what is not needed.',
  ENOTDIR: 'A part of the path is a file: correct dataDir.',
};

export function diagnoseStorage(facts: StorageFacts): readonly Check[] {
  return [
    diagnoseWriting(facts),
    ...diagnoseMount(facts.mount),
    ...diagnoseRoom(facts),
    ...facts.databases.map(diagnoseDatabase),
    ...diagnoseSetAside(facts.setAside),
  ];
}

function diagnoseWriting({ dataDir, write }: StorageFacts): Check {
  if (write.kind === 'failed') {
    const advice = WRITE_ADVICE[write.code] ?? 'See `dmesg` for disk errors.';
    return note('writing', 'problem', `cannot write to ${dataDir}: ${write.detail}`, advice);
  }
  const found = `${dataDir} takes a file, safe on the disk after ${write.syncMs.toFixed(0)} ms`;
  return write.syncMs < SLOW_SYNC_MS
    ? note('writing', 'ok', found)
    : note(
        'writing',
        'warning',
        found,
        'The disk is slow: a worn or cheap SD card does that. Replace it soon.',
      );
}

function diagnoseMount(mount: MountFacts | undefined): readonly Check[] {
  if (mount === undefined) return [];
  const { device, point, fsType, isReadOnly } = mount;
  const found = `${device} on ${point} (${fsType})`;
  if (isReadOnly) return [note('mount', 'problem', `${found} is mounted read-only`, WRITE_ADVICE.EROFS)];
  if (VOLATILE.includes(fsType))
    return [
      note('mount', 'warning', `${found} is memory: a restart loses everything`, 'Put dataDir on a disk.'),
    ];
  if (WITHOUT_RIGHTS.includes(fsType))
    return [note('mount', 'warning', `${found} knows no owners: keys are readable by all`, 'Use ext4.')];
  return [note('mount', 'ok', found)];
}

function diagnoseRoom({ disk }: StorageFacts): readonly Check[] {
  if (disk === undefined) return [];
  const found = `${formatBytes(disk.freeBytes)} free of ${formatBytes(disk.totalBytes)}`;
  if (disk.freeBytes < TOO_LITTLE_BYTES)
    return [note('room', 'problem', found, 'Delete what is not needed: models and messages find no room.')];
  if (disk.freeBytes < LITTLE_BYTES)
    return [note('room', 'warning', found, 'Make room before the next model is installed.')];
  return [note('room', 'ok', found)];
}

function diagnoseDatabase({ name, state, detail }: DatabaseFacts): Check {
  switch (state) {
    case 'sound':
      return note(name, 'ok', detail);
    case 'absent':
      return note(name, 'skipped', 'not there yet');
    case 'unreadable':
      return note(name, 'skipped', detail, 'Run doctor as root (sudo).');
    case 'damaged':
      return note(
        name,
        'problem',
        detail,
        'The agent sets it aside when it starts. Check the disk, and replace a worn card.',
      );
  }
}

function diagnoseSetAside(setAside: readonly string[]): readonly Check[] {
  if (setAside.length === 0) return [];
  const advice =
    'The disk or the power supply fails now and then. Delete these files when you have seen to it.';
  return [note('set aside', 'warning', `damaged once: ${setAside.join(', ')}`, advice)];
}

export function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(0)} MB`;
}
