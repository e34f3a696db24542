import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { Outbox } from '../../agent/src/uplink/port.ts';
import { openSqliteOutbox } from '../../agent/src/uplink/sqlite-outbox.ts';
import { makeRow, outboxContract } from '../contract/outbox-contract.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';

let folder: string;
let epochs = 0;
let logged: string[];
const opened: Outbox[] = [];

let lost: number | undefined;
const log: Logger = {
  ...silentLogger,
  error: (facts) => {
    const { code, rows } = facts as { code?: string; rows?: number };
    if (code !== undefined) logged.push(code);
    lost = rows ?? lost;
  },
};

function open(name = 'outbox.db', maxBytes = 1024 * 1024, groupMs = 1000): Outbox {
  const outbox = openSqliteOutbox({
    path: join(folder, name),
    maxBytes,
    groupMs,
    log,
    newEpoch: () => (++epochs).toString(16).padStart(16, '0'),
    wallMs: () => 1234,
  });
  opened.push(outbox);
  return outbox;
}

const PAGE_BYTES = 4096;

/** From another process: locks of one process do not exclude each other. */
async function holdWriteLock(path: string): Promise<() => Promise<void>> {
  const script = `
    const db = new (require('node:sqlite').DatabaseSync)(process.argv[1]);
    db.exec('BEGIN IMMEDIATE');
    console.log('locked');
    process.stdin.resume().on('end', () => db.close());`;
  const child = spawn(process.execPath, ['-e', script, path], { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpost-outbox-'));
  logged = [];
});
afterEach(() => {
  for (const outbox of opened.splice(0)) outbox.close();
  rmSync(folder, { recursive: true });
});

outboxContract('MemoryOutbox', async (maxBytes) => new MemoryOutbox(maxBytes));
outboxContract('SqliteOutbox', async (maxBytes) => open('outbox.db', maxBytes));

test('when the agent restarts, epoch, rows, numbers and the drop counter are as before', () => {
  const before = open('outbox.db', 100);
  before.append(makeRow('event'), 'now');
  before.append(makeRow('event'), 'now');
  before.append(makeRow('event'));
  before.close();
  const after = open('outbox.db', 100);
  assert.equal(after.epoch, before.epoch);
  assert.deepEqual(
    after.peek('event', 0, 9).map((row) => row.seq),
    [2, 3],
  );
  assert.equal(after.report(0).rows, 2);
  assert.equal(after.report(0).dropped, 1);
  after.acknowledge('event', 3);
  after.close();
  assert.equal(open('outbox.db', 100).append(makeRow('event')), 4);
});

test('a row that is not committed cannot be read, so it cannot be sent', () => {
  const outbox = open();
  outbox.append(makeRow('event'));
  assert.deepEqual(outbox.peek('event', 0, 9), []);
  assert.equal(outbox.lastSeq('event'), 0);
  assert.equal(outbox.report(0).rows, 1);
  outbox.flush();
  assert.equal(outbox.peek('event', 0, 9).length, 1);
});

test('fifty rows are committed without waiting', () => {
  const outbox = open();
  for (let count = 0; count < 50; count += 1) outbox.append(makeRow('telemetry'));
  assert.equal(outbox.lastSeq('telemetry'), 50);
});

test('when the group time is over, rows are committed by themselves', async () => {
  const outbox = open('outbox.db', 1024, 5);
  const committed = new Promise<void>((resolve) => outbox.onCommit(resolve));
  outbox.append(makeRow('event'));
  const keepAlive = setInterval(() => undefined, 1000);
  await committed;
  clearInterval(keepAlive);
  assert.equal(outbox.lastSeq('event'), 1);
});

/** An outbox that heard from the server, held rows 2 to 4, went on to row 6, and then lost all that came after row 4. */
function openOlder(): Outbox {
  const first = open();
  for (let row = 1; row <= 4; row++) first.append(makeRow('event', row), 'now');
  first.acknowledge('event', 1);
  first.close();
  const [path, copy] = [join(folder, 'outbox.db'), join(folder, 'copy.db')];
  copyFileSync(path, copy);
  const second = open();
  for (let row = 5; row <= 6; row++) second.append(makeRow('event', row), 'now');
  second.close();
  rmSync(path);
  copyFileSync(copy, path);
  return open();
}
const seqs = (outbox: Outbox) => outbox.peek('event', 0, 10).map(({ seq }) => seq);

test('when the file went back in time, what it held is not sent again, and what came since is', () => {
  const outbox = openOlder();
  outbox.append(makeRow('event'), 'now');
  outbox.renewEpoch({ event: 6 });
  assert.deepEqual(seqs(outbox), [5]);
});

test('when numbers were given since the file went back, and the agent ended unheard, they are all sent', () => {
  const unheard = openOlder();
  unheard.append(makeRow('event'), 'now');
  unheard.close();
  const outbox = open();
  outbox.renewEpoch({ event: 6 });
  assert.deepEqual(seqs(outbox), [2, 3, 4, 5]);
});

test('when the file is not a database, it is set aside and a new epoch begins', () => {
  writeFileSync(join(folder, 'outbox.db'), 'no database at all\n'.repeat(500));
  const outbox = open();
  assert.deepEqual(logged, ['STORE_CORRUPT']);
  assert.ok(readdirSync(folder).includes('outbox.db.corrupt-1234'));
  assert.equal(outbox.append(makeRow('event'), 'now'), 1);
});

test('when pages of the file are damaged, it is set aside and a new epoch begins', () => {
  const before = open();
  for (let count = 0; count < 500; count += 1) before.append(makeRow('event', 0, 'x'.repeat(300)));
  before.close();
  const file = openSync(join(folder, 'outbox.db'), 'r+');
  writeSync(file, Buffer.alloc(8 * PAGE_BYTES, 0xa5), 0, 8 * PAGE_BYTES, 8 * PAGE_BYTES);
  closeSync(file);
  const after = open();
  assert.deepEqual(logged, ['STORE_CORRUPT']);
  assert.notEqual(after.epoch, before.epoch);
  assert.equal(after.append(makeRow('event'), 'now'), 1);
});

test('when the file has another version, it is set aside', () => {
  open().close();
  const file = new DatabaseSync(join(folder, 'outbox.db'));
  file.exec('PRAGMA user_version = 99');
  file.close();
  assert.equal(open().firstSeq('event'), 1);
  assert.deepEqual(logged, ['STORE_CORRUPT']);
});

/** A file is in the way of `file/outbox.db` until it is removed. */
function openInMemory(): { readonly outbox: Outbox; readonly clear: () => void } {
  writeFileSync(join(folder, 'file'), '');
  const outbox = open('file/outbox.db');
  assert.deepEqual(logged, ['STORE_FAILED']);
  const clear = (): void => {
    rmSync(join(folder, 'file'));
    mkdirSync(join(folder, 'file'));
    if (existsSync(join(folder, 'kept.db')))
      renameSync(join(folder, 'kept.db'), join(folder, 'file/outbox.db'));
  };
  return { outbox, clear };
}
const bodies = (outbox: Outbox) => outbox.peek('event', 0, 10).map(({ body }) => body);
const eventOf = (number: number) => makeRow('event', 0, String(number));

test('when there can be no file, rows are kept in memory, and go into the file once there can be one', () => {
  const { outbox, clear } = openInMemory();
  for (const number of [1, 2]) outbox.append(eventOf(number), 'now');
  assert.deepEqual(seqs(outbox), [1, 2], 'they may be sent');
  outbox.acknowledge('event', 1);
  clear();
  outbox.append(eventOf(3), 'now');
  assert.equal(existsSync(join(folder, 'file/outbox.db')), false, 'what was sent waits for its receipt');
  outbox.acknowledge('event', 2);
  outbox.append(eventOf(4), 'now');
  assert.equal(outbox.report(0).rows, 2);
  const { epoch } = outbox;
  outbox.close();
  const after = open('file/outbox.db');
  assert.deepEqual([after.epoch, after.lastSeq('event'), bodies(after)], [epoch, 4, ['3', '4']]);
});

test('when the agent stops, what waits in memory goes into a file without rows under the numbers it was sent by', () => {
  const { outbox, clear } = openInMemory();
  for (const number of [1, 2]) outbox.append(eventOf(number), 'now');
  outbox.append(makeRow('telemetry'), 'now');
  assert.deepEqual(seqs(outbox), [1, 2]);
  outbox.acknowledge('event', 1);
  outbox.acknowledge('telemetry', 1);
  clear();
  outbox.close();
  const after = open('file/outbox.db');
  assert.equal(after.epoch, outbox.epoch);
  assert.deepEqual(seqs(after), [2]);
  assert.deepEqual([after.lastSeq('event'), after.lastSeq('telemetry')], [2, 1]);
  assert.deepEqual(logged, ['STORE_FAILED']);
});

test('what was never sent from memory follows the rows of the file, in its epoch', () => {
  const kept = open('kept.db');
  for (const number of [1, 2]) kept.append(eventOf(number), 'now');
  kept.acknowledge('event', 1);
  kept.close();
  const { outbox, clear } = openInMemory();
  outbox.append(eventOf(3), 'now');
  clear();
  outbox.append(eventOf(4), 'now');
  assert.equal(outbox.epoch, kept.epoch);
  assert.deepEqual(bodies(outbox), ['2', '3', '4']);
  assert.deepEqual(seqs(outbox), [2, 3, 4]);
  assert.equal(outbox.lastSeq('event'), 4);
});

test('what is lost in memory at the stop is counted', () => {
  const { outbox } = openInMemory();
  for (const number of [1, 2]) outbox.append(eventOf(number), 'now');
  outbox.close();
  assert.equal(lost, 2);
});

test('when a commit fails, rows wait in memory and are committed later, and the failure is logged once', async () => {
  const outbox = open();
  const release = await holdWriteLock(join(folder, 'outbox.db'));
  outbox.append(makeRow('event'), 'now');
  outbox.append(makeRow('event'), 'now');
  assert.deepEqual(logged, ['STORE_FAILED']);
  assert.equal(outbox.lastSeq('event'), 0);
  await release();
  outbox.flush();
  assert.deepEqual(
    outbox.peek('event', 0, 9).map((row) => row.seq),
    [1, 2],
  );
});

test('when commits fail for long, telemetry in memory is dropped first and counted, and numbers are not reused', async () => {
  const outbox = open();
  const release = await holdWriteLock(join(folder, 'outbox.db'));
  outbox.append(makeRow('event'), 'now');
  for (let count = 0; count < 1009; count += 1) outbox.append(makeRow('telemetry'));
  assert.equal(outbox.report(0).rows, 1000);
  assert.equal(outbox.report(0).dropped, 10);
  await release();
  outbox.flush();
  assert.equal(outbox.firstSeq('event'), 1);
  assert.equal(outbox.firstSeq('telemetry'), 11);
  assert.equal(outbox.lastSeq('telemetry'), 1009);
  outbox.close();
  const { dropped, droppedByStream } = open().report(0);
  assert.equal(dropped, 10);
  assert.deepEqual(droppedByStream, { event: 0, deployment: 0, telemetry: 10 });
});

test('a file of an earlier release knows only the sum of what was lost, and what is lost from now on is told apart', () => {
  open('old.db').close();
  const old = new DatabaseSync(join(folder, 'old.db'));
  old.exec('DROP TABLE drops; UPDATE meta SET dropped = 5');
  old.close();
  const outbox = open('old.db', 300);
  assert.deepEqual(outbox.report(0).droppedByStream, { event: 0, deployment: 0, telemetry: 0 });
  for (let count = 0; count < 6; count += 1) outbox.append(makeRow('telemetry'), 'now');
  outbox.close();
  const { dropped, droppedByStream } = open('old.db').report(0);
  assert.ok(dropped > 5);
  assert.deepEqual(droppedByStream, { event: 0, deployment: 0, telemetry: dropped - 5 });
});
