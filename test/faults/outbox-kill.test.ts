import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import { openSqliteOutbox } from '../../agent/src/uplink/sqlite-outbox.ts';
import { makeRow } from '../contract/outbox-contract.ts';

const APPENDER = fileURLToPath(new URL('../support/outbox-appender.ts', import.meta.url));
const ROUNDS = 6;

interface Commit {
  readonly epoch: string;
  readonly rows: readonly { readonly seq: number; readonly body: string }[];
}

function open(path: string, log: Logger = silentLogger) {
  return openSqliteOutbox({ path, maxBytes: 1e8, log, newEpoch: () => 'f'.repeat(16), wallMs: () => 0 });
}

/** Lets the program append until it has committed `commits` times, then kills it without a warning. */
async function appendUntilKilled(path: string, round: number, commits: number): Promise<readonly Commit[]> {
  const child = spawn(process.execPath, [APPENDER, path, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const seen: Commit[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    seen.push(JSON.parse(line) as Commit);
    if (seen.length === commits) child.kill('SIGKILL');
  }
  assert.deepEqual(await exited, [null, 'SIGKILL']);
  return seen;
}

test('when the agent is killed at any moment, committed rows survive and no number is given twice', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'watchpost-kill-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'outbox.db');
  const bodies = new Map<number, string>();
  const epochs = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const commits = await appendUntilKilled(path, round, 3 + round * 4);
    for (const { epoch, rows } of commits) {
      epochs.add(epoch);
      for (const { seq, body } of rows) {
        assert.equal(bodies.has(seq), false, `number ${seq} was given twice`);
        bodies.set(seq, body);
      }
    }
    const outbox = open(path);
    assert.ok(outbox.lastSeq('event') >= Math.max(...bodies.keys()), 'what could be sent is on disk');
    for (const { seq, body } of outbox.peek('event', 0, 10_000)) {
      // The last commit may have happened without its line being read.
      if (bodies.has(seq)) assert.equal(body, bodies.get(seq));
      else bodies.set(seq, body);
    }
    outbox.close();
  }
  assert.deepEqual(
    [...bodies.keys()].toSorted((a, b) => a - b),
    [...Array(bodies.size).keys()].map((n) => n + 1),
  );
  assert.equal(epochs.size, 1);
});

test('when the disk is full, rows wait in memory, and are committed when there is room again', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'watchpost-full-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
  if (mount.status !== 0) return t.skip('mounting a small disk needs root');
  const codes: string[] = [];
  try {
    const log = {
      ...silentLogger,
      error: (facts: object) => void codes.push((facts as { code: string }).code),
    };
    const outbox = open(join(disk, 'outbox.db'), log);
    outbox.append(makeRow('event'), 'now');
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(850 * 1024));
    for (let count = 0; count < 100; count += 1) outbox.append(makeRow('event', 0, 'x'.repeat(2000)), 'now');
    assert.deepEqual(codes, ['DISK_FULL']);
    const committed = outbox.lastSeq('event');
    assert.ok(committed < 101);
    assert.equal(outbox.report(0).rows, 101);
    assert.equal(outbox.peek('event', 0, 200).length, committed);
    rmSync(join(disk, 'ballast'));
    outbox.acknowledge('event', committed);
    outbox.flush();
    assert.equal(outbox.lastSeq('event'), 101);
    assert.equal(outbox.peek('event', 0, 200).length, 101 - committed);
    outbox.close();
  } finally {
    spawnSync('umount', ['--lazy', disk]);
  }
});
