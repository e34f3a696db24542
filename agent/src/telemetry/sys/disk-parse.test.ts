import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  findMount,
  judgeDiskKind,
  parseDiskWrittenBytes,
  parseEndOfLife,
  parseLifeUsed01,
  parseProcessWrittenBytes,
} from './disk-parse.ts';

const MOUNTS = `21 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw
30 21 0:26 / /run rw - tmpfs tmpfs rw
31 21 8:17 / /var/lib rw,relatime shared:2 master:1 - ext4 /dev/sdb1 rw
32 21 0:40 /@data /srv/two\\040words rw - btrfs /dev/nvme0n1p3 rw
`;
const PLACES = [
  ['/var/lib/watchpost', '8:17', '/dev/sdb1'],
  ['/var/library', '179:2', '/dev/root'],
  ['/srv/two words/data', '0:40', '/dev/nvme0n1p3'],
  ['/', '179:2', '/dev/root'],
] as const;
for (const [path, device, source] of PLACES) {
  test(`${path} lies on ${source}`, () => {
    const mount = findMount(MOUNTS, path);
    assert.deepEqual([mount?.device, mount?.source], [device, source]);
  });
}

test('where nothing is mounted, nothing lies on anything', () => {
  for (const text of ['', 'nothing here', '1 2 3:4 / /x rw']) assert.equal(findMount(text, '/x'), undefined);
});

test('what a disk wrote is counted in sectors of 512 bytes', () => {
  const stat = '  123  4  5678  90  321  12  1000  34  0  56  78  0 0 0 0\n';
  assert.equal(parseDiskWrittenBytes(stat), 512_000);
  assert.equal(parseDiskWrittenBytes(''), undefined);
});

test('what a process wrote and deleted at once never reached the disk', () => {
  const io = 'rchar: 9\nwchar: 9\nwrite_bytes: 5000\ncancelled_write_bytes: 1000\n';
  assert.equal(parseProcessWrittenBytes(io), 4000);
  assert.equal(parseProcessWrittenBytes('write_bytes: 0\ncancelled_write_bytes: 8\n'), 0);
  assert.equal(parseProcessWrittenBytes(''), undefined);
});

const LIVES = [
  ['0x01 0x02\n', 0.2],
  ['0x0b 0x01', 1.1],
  ['0x00 0x00', undefined],
  ['0x00 0x03', 0.3],
  ['0xff 0x00', undefined],
  ['', undefined],
] as const;
for (const [text, lifeUsed01] of LIVES) {
  test(`a life time of ${JSON.stringify(text)} is ${lifeUsed01} of it`, () =>
    assert.equal(parseLifeUsed01(text), lifeUsed01));
}

test('an eMMC says how many of its spare blocks are in use', () => {
  const told = ['0x01', '0x02\n', '0x03', '0x00', '0x09', ''].map(parseEndOfLife);
  assert.deepEqual(told, ['normal', 'warning', 'urgent', undefined, undefined, undefined]);
});

const KINDS = [
  ['mmcblk0', 'MMC\n', '0', 'emmc'],
  ['mmcblk1', 'SD\n', '0', 'sd'],
  ['nvme0n1', '', '0\n', 'ssd'],
  ['sda', '', '1', 'rotating'],
  ['sda', '', '', undefined],
] as const;
for (const [name, type, rotational, kind] of KINDS) {
  test(`${name} of type ${type.trim() || 'none'} that turns ${rotational.trim() || 'or not'} is ${kind}`, () =>
    assert.equal(judgeDiskKind(name, type, rotational), kind));
}
