import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { openSqliteOutbox } from '../../agent/src/uplink/sqlite-outbox.ts';
import { makeRow } from '../contract/outbox-contract.ts';
import { mountSmallDisk, type SmallDisk } from '../support/fault-disk.ts';

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'watchpost-reopen-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function mountDisk(t: TestContext): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'watchpost-reopen-'));
  const disk = mountSmallDisk(join(folder, 'disk'));
  t.after(() => {
    disk?.unmount();
    rmSync(folder, { recursive: true, force: true });
  });
  return disk;
}

function open(path: string) {
  const newEpoch = () => randomBytes(8).toString('hex');
  return openSqliteOutbox({ path, maxBytes: 1e8, log: silentLogger, newEpoch, wallMs: () => Date.now() });
}

test('when the disk was read-only at the start, what the fleet took goes from memory, and the file is used again', (t) => {
  const disk = mountDisk(t);
  if (disk === undefined) return t.skip('mounting a small disk needs root');
  const path = join(disk.path, 'outbox.sqlite');
  const before = open(path);
  before.append(makeRow('event'), 'now');
  const { epoch } = before;
  before.close();
  disk.setWritable(false);
  const outbox = open(path);
  outbox.append(makeRow('event'), 'now');
  assert.notEqual(outbox.epoch, epoch);
  outbox.acknowledge('event', outbox.lastSeq('event'));
  disk.setWritable(true);
  outbox.append(makeRow('event'), 'now');
  assert.equal(outbox.epoch, epoch);
  assert.equal(outbox.lastSeq('event'), 2);
  assert.equal(outbox.report(Date.now()).rows, 2);
  outbox.close();
});

test('when a file was opened on a read-only disk, rows are committed once it is writable', (t) => {
  const disk = mountDisk(t);
  if (disk === undefined) return t.skip('mounting a small disk needs root');
  const path = join(disk.path, 'outbox.sqlite');
  const killed = open(path);
  killed.append(makeRow('event'), 'now');
  // As after a kill: the log of SQLite is still there.
  mkdirSync(join(disk.path, 'copy'));
  for (const suffix of ['', '-wal', '-shm'])
    copyFileSync(path + suffix, join(disk.path, 'copy', `outbox.sqlite${suffix}`));
  const { epoch } = killed;
  killed.close();
  disk.setWritable(false);
  const outbox = open(join(disk.path, 'copy', 'outbox.sqlite'));
  assert.equal(outbox.epoch, epoch);
  outbox.append(makeRow('event'), 'now');
  assert.equal(outbox.lastSeq('event'), 1);
  disk.setWritable(true);
  outbox.flush();
  assert.equal(outbox.lastSeq('event'), 2);
  outbox.close();
});

test('when the file rots while it is used, rows that wait go into a new one, under a new epoch', (t) => {
  const path = join(makeFolder(t), 'outbox.sqlite');
  const outbox = open(path);
  for (let count = 0; count < 200; count += 1) outbox.append(makeRow('event'), 'now');
  const { epoch } = outbox;
  for (const name of [path, `${path}-wal`, `${path}-shm`])
    writeFileSync(name, randomBytes(statSync(name).size));
  for (let count = 0; count < 3; count += 1) outbox.append(makeRow('event', 0, 'after'), 'group');
  for (let time = 0; time < 3; time += 1) outbox.flush();
  assert.notEqual(outbox.epoch, epoch);
  assert.equal(outbox.lastSeq('event'), 3);
  assert.deepEqual(
    outbox.peek('event', 0, 10).map(({ seq }) => seq),
    [1, 2, 3],
  );
  const { rows, dropped } = outbox.report(Date.now());
  assert.deepEqual([rows, dropped], [3, 200]);
  outbox.close();
});
