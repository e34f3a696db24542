import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnoseStorage, type StorageFacts } from './diagnose-storage.ts';

const MOUNT = { device: '/dev/mmcblk0p2', point: '/', fsType: 'ext4', isReadOnly: false };
const SOUND: StorageFacts = {
  dataDir: '/var/lib/watchpost',
  write: { kind: 'ok', syncMs: 12 },
  disk: { totalBytes: 32e9, freeBytes: 20e9 },
  mount: MOUNT,
  databases: [{ name: 'outbox.sqlite', state: 'sound', detail: 'read and found sound' }],
  setAside: [],
};
const failed = (code: string): StorageFacts['write'] => ({ kind: 'failed', code, detail: code });
const database = (state: 'absent' | 'damaged' | 'unreadable'): Partial<StorageFacts> => ({
  databases: [{ name: 'outbox.sqlite', state, detail: 'malformed' }],
});

test('a sound disk is all well', () =>
  assert.deepEqual([...new Set(diagnoseStorage(SOUND).map(({ verdict }) => verdict))], ['ok']));

const CASES: readonly (readonly [string, Partial<StorageFacts>, string, RegExp])[] = [
  ['the folder is not there', { write: failed('ENOENT') }, 'problem', /Create it/],
  ['the folder is of another user', { write: failed('EACCES') }, 'problem', /as root/],
  ['the disk is full', { write: failed('ENOSPC') }, 'problem', /full/],
  ['the disk fails', { write: failed('EIO') }, 'problem', /dmesg/],
  ['the disk is slow', { write: { kind: 'ok', syncMs: 900 } }, 'warning', /SD card/],
  ['the disk is read-only', { mount: { ...MOUNT, isReadOnly: true } }, 'problem', /read-only/],
  ['the folder is in memory', { mount: { ...MOUNT, fsType: 'tmpfs' } }, 'warning', /on a disk/],
  ['the disk knows no owners', { mount: { ...MOUNT, fsType: 'vfat' } }, 'warning', /ext4/],
  ['there is little room', { disk: { totalBytes: 32e9, freeBytes: 0.5e9 } }, 'warning', /Make room/],
  ['there is no room', { disk: { totalBytes: 32e9, freeBytes: 1e6 } }, 'problem', /Delete/],
  ['a database is damaged', database('damaged'), 'problem', /worn card/],
  ['a database cannot be read', database('unreadable'), 'skipped', /as root/],
  ['files were set aside', { setAside: ['a.damaged'] }, 'warning', /power supply/],
];
for (const [name, change, verdict, advice] of CASES) {
  test(`when ${name}, that is a ${verdict}`, () => {
    const checks = diagnoseStorage({ ...SOUND, ...change }).filter((check) => check.verdict !== 'ok');
    assert.deepEqual(
      checks.map((check) => check.verdict),
      [verdict],
    );
    assert.match(checks[0]?.advice ?? '', advice);
  });
}

test('a database that is not there yet is no fault', () =>
  assert.ok(
    diagnoseStorage({ ...SOUND, ...database('absent') }).some(({ verdict }) => verdict === 'skipped'),
  ));
