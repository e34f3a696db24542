import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMount } from './mounts.ts';

const MOUNTS = `proc /proc proc rw,relatime 0 0
/dev/mmcblk0p2 / ext4 rw,noatime,errors=remount-ro 0 0
/dev/sda1 /var/lib ext4 ro,relatime 0 0
tmpfs /var/lib/watch tmpfs rw 0 0
/dev/sdb1 /mnt/my\\040disk vfat rw 0 0
`;

const CASES: readonly (readonly [string, string, boolean])[] = [
  ['/home/pi', '/dev/mmcblk0p2', false],
  ['/var/lib/watchpost', '/dev/sda1', true],
  ['/var/lib/watch/data', 'tmpfs', false],
  ['/var/lib', '/dev/sda1', true],
  ['/mnt/my disk/data', '/dev/sdb1', false],
];
for (const [path, device, isReadOnly] of CASES) {
  test(`${path} is on ${device}`, () => {
    const mount = findMount(MOUNTS, path);
    assert.deepEqual([mount?.device, mount?.isReadOnly], [device, isReadOnly]);
  });
}

test('without a list there is no mount', () => assert.equal(findMount('', '/var'), undefined));
