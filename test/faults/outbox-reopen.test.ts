import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
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

/** A file with one row, as after a kill: the log of SQLite is still there. */
function leaveKilled(disk: SmallDisk): { readonly path: string; readonly epoch: string } {
  const [path, copy] = [join(disk.path, 'outbox.sqlite'), join(disk.path, 'copy')];
  const killed = open(path);
  killed.append(makeRow('event'), 'now');
  mkdirSync(copy);
  for (const suffix of ['', '-wal', '-shm'])
    copyFileSync(path + suffix, join(copy, `outbox.sqlite${suffix}`));
  const { epoch } = killed;
  killed.close();
  return { path: join(copy, 'outbox.sqlite'), epoch };
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
  const { path, epoch } = leaveKilled(disk);
  disk.setWritable(false);
  const outbox = open(path);
  assert.equal(outbox.epoch, epoch);
  outbox.append(makeRow('event'), 'now');
  assert.equal(outbox.lastSeq('event'), 1);
  disk.setWritable(true);
  outbox.flush();
  assert.equal(outbox.lastSeq('event'), 2);
  outbox.close();
});

test('when a commit failed and is in the file all the same, its rows are sent, once, and what follows is committed', (t) => {
  const disk = mountDisk(t);
  if (disk === undefined) return t.skip('mounting a small disk needs root');
  const { path, epoch } = leaveKilled(disk);
  disk.setWritable(false);
  const outbox = open(path);
  for (const body of ['{"n":1}', '{"n":2}']) outbox.append(makeRow('event', 0, body), 'now');
  disk.setWritable(true);
  // As a log that was written whole, and whose sync failed: its frames count for whoever opens the file next.
  const written = new DatabaseSync(path);
  written.exec(
    `INSERT INTO event (topic, body, createdAtMs, sizeBytes) VALUES ('event-topic', '{"n":1}', 0, 50)`,
  );
  written.close();
  const seen: number[] = [];
  outbox.onCommit(() => seen.push(outbox.lastSeq('event')));
  outbox.flush();
  outbox.append(makeRow('event', 0, '{"n":3}'), 'now');
  assert.deepEqual(seen, [3, 4]);
  assert.equal(outbox.epoch, epoch);
  const bodies = outbox.peek('event', 1, 9).map(({ body }) => body);
  assert.deepEqual(bodies, ['{"n":1}', '{"n":2}', '{"n":3}']);
  const { rows, dropped } = outbox.report(Date.now());
  assert.deepEqual([rows, dropped], [4, 0]);
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
