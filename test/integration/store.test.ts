import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { rolloutStoreContract } from '../contract/rollout-store-contract.ts';
import { storeContract } from '../contract/store-contract.ts';
import { deviceRecord, eventMessage } from '../support/fleet-data.ts';
import { createRandom } from '../support/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchpost-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));

storeContract('SQLite', () => openSqliteStore(join(folder, 'contract.db')));
rolloutStoreContract('SQLite', () => openSqliteStore(join(folder, 'rollouts.db')));

/** A box that sends what it still holds at random, evicts at random, to a server that restarts at random. */
async function playStream(seed: number): Promise<void> {
  const random = createRandom(seed);
  const draw = (below: number): number => Math.floor(random() * below);
  const path = join(folder, `order-${seed}.db`);
  const last = 20 + draw(60);
  const stored: number[] = [];
  let store = await openSqliteStore(path);
  let held = 1;
  for (let upTo = 0; upTo < last; ) {
    if (random() < 0.1) held = Math.min(last, Math.max(held, upTo + 1) + draw(4));
    const batch = Array.from({ length: 1 + draw(8) }, () =>
      eventMessage(held + draw(Math.min(last - held + 1, 12)), { firstSeq: held }),
    );
    const { cursors, fresh } = await store.reports.commit(batch, 1);
    stored.push(...fresh.map(({ body }) => body.seq));
    const reached = cursors[0]?.upTo ?? 0;
    assert.ok(reached >= upTo, 'a cursor never goes back');
    for (let seq = held; seq <= reached; seq += 1)
      assert.ok(stored.includes(seq), 'a receipt covers what is stored');
    upTo = reached;
    if (random() < 0.1) {
      await store.close();
      store = await openSqliteStore(path);
    }
  }
  const rows = await store.reports.events({ limit: 1_000 });
  await store.close();
  assert.equal(new Set(stored).size, stored.length, 'a message is fresh once');
  assert.deepEqual(rows.map(({ seq }) => seq).toReversed(), stored);
}

for (let seed = 1; seed <= 25; seed += 1) {
  test(`whatever the order, duplicates, evictions and restarts, a message is stored once (seed ${seed})`, () =>
    playStream(seed));
}

test('opening a store again runs no migration twice and keeps what is in it', async () => {
  const path = join(folder, 'again.db');
  const first = await openSqliteStore(path);
  await first.devices.addToken({ tokenSha256: 't', createdAtMs: 1, expiresAtMs: 2 });
  await first.devices.enrol(deviceRecord(), 't');
  await first.close();
  const second = await openSqliteStore(path);
  assert.deepEqual(await second.devices.list(), [deviceRecord()]);
  await second.close();
});

test('a database of a newer server is left alone', async () => {
  const path = join(folder, 'newer.db');
  await (await openSqliteStore(path)).close();
  const raw = new Database(path);
  raw.prepare('insert into schema_versions (version) values (999)').run();
  raw.close();
  await assert.rejects(openSqliteStore(path), { code: 'STORE_TOO_NEW' });
});

test('a file that is no database is named', async () => {
  const path = join(folder, 'text.db');
  writeFileSync(path, 'this is no database, whatever its name says. '.repeat(100));
  await assert.rejects(openSqliteStore(path), { code: 'STORE_FAILED', message: /text\.db/ });
});

test('a store that was closed answers with a coded error', async () => {
  const store = await openSqliteStore(join(folder, 'closed.db'));
  await store.close();
  await assert.rejects(store.devices.list(), { code: 'STORE_FAILED' });
});

test('the database keeps a write-ahead log, so that a reader never blocks a commit', async () => {
  const path = join(folder, 'log.db');
  const store = await openSqliteStore(path);
  const raw = new Database(path, { readonly: true });
  assert.equal(raw.pragma('journal_mode', { simple: true }), 'wal');
  raw.close();
  await store.close();
});
