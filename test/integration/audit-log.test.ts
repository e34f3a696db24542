import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import { createAuditLog } from '../../fleet-server/src/audit/audit-log.ts';
import type { AuditEntry, AuditLog } from '../../fleet-server/src/audit/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchpost-audit-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const entry = (subject: string): AuditEntry => ({
  actor: { kind: 'user', id: 'admin' },
  action: 'user.added',
  subject,
  details: { roles: ['viewer'] },
});

async function withLog<T>(name: string, work: (log: AuditLog) => Promise<T>): Promise<T> {
  const store = await openSqliteStore(join(folder, name));
  try {
    return await work(createAuditLog({ store: store.audit, nowMs: () => 7 }));
  } finally {
    await store.close();
  }
}

function tamper(name: string, statement: string): void {
  const raw = new Database(join(folder, name));
  assert.ok(raw.prepare(statement).run().changes > 0);
  raw.close();
}

test('an empty log is sound', () =>
  withLog('empty.db', async (log) => {
    assert.deepEqual(await log.verify(), { kind: 'sound', entries: 0, head: '0'.repeat(64) });
  }));

test('entries recorded at the same time are one chain, which goes on after a restart', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `user-${index}`);
  await withLog('serial.db', (log) => Promise.all(names.map((name) => log.record(entry(name)))));
  await withLog('serial.db', async (log) => {
    const last = await log.record(entry('last'));
    assert.deepEqual(await log.verify(), { kind: 'sound', entries: 41, head: last.hash });
    const page = await log.list({ afterSeq: 39, limit: 10 });
    assert.deepEqual(
      page.map(({ seq, atMs, subject }) => [seq, atMs, subject]),
      [
        [40, 7, 'user-39'],
        [41, 7, 'last'],
      ],
    );
  });
});

test('text that no encoding can hold does not break the chain', () =>
  withLog('text.db', async (log) => {
    await log.record({ ...entry('\ud800 \0 \u2028'), details: { note: '\udfff' } });
    assert.equal((await log.verify()).kind, 'sound');
  }));

for (const [what, statement, seq] of [
  ['changed', `update audit_entries set entry = replace(entry, 'user-2', 'mallory') where seq = 3`, 3],
  ['removed', 'delete from audit_entries where seq = 3', 4],
  ['renumbered', 'update audit_entries set seq = 99 where seq = 5', 99],
  ['given another hash', `update audit_entries set hash = '${'a'.repeat(64)}' where seq = 3`, 3],
] as const)
  test(`a row that was ${what} is found`, async () => {
    const name = `tampered-${what.replaceAll(' ', '-')}.db`;
    await withLog(name, async (log) => {
      for (let index = 0; index < 5; index += 1) await log.record(entry(`user-${index}`));
    });
    tamper(name, statement);
    const verdict = await withLog(name, (log) => log.verify());
    assert.equal(verdict.kind, 'broken');
    assert.equal('seq' in verdict && verdict.seq, seq);
  });
