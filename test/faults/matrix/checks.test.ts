import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { checkWorld, drain, readChampion } from '../../support/fault-check.ts';
import { type FaultWorld, openFaultWorld } from '../../support/fault-world.ts';
import { until } from '../../support/until.ts';
import { runFault } from './run-faults.ts';

/** Short: what is sabotaged does not come back. */
const LIMITS = { flowMs: 3_000, settleMs: 500 };

describe('the check of a world sees', () => {
  let world: FaultWorld;
  before(async () => {
    world = await openFaultWorld({ random: Math.random });
    await until('telemetry is stored', () => count('telemetry_summaries') > 0);
  });
  after(() => world.close());

  const onServer = (work: (db: Database.Database) => void): void => {
    const db = new Database(world.server.database, { timeout: 5_000 });
    try {
      work(db);
    } finally {
      db.close();
    }
  };
  const count = (table: string): number => {
    let rows = 0;
    onServer((db) => {
      rows = (db.prepare(`SELECT count(*) AS rows FROM ${table}`).get() as { rows: number }).rows;
    });
    return rows;
  };
  const look = () => checkWorld(world, performance.now(), { limits: LIMITS });

  test('nothing in a sound world', async () => {
    const { problems, lost, duplicates } = await checkWorld(world, performance.now());
    assert.deepEqual({ problems, lost, duplicates }, { problems: [], lost: [], duplicates: [] });
  });

  for (const [table, stream, column] of [
    ['events', 'event', 'camera'],
    ['deployment_changes', 'deployment', 'deployment_id'],
    ['telemetry_summaries', 'telemetry', 'ts_ms'],
  ] as const)
    test(`a message of ${table} that the server lost, and one it stored twice`, async () => {
      await drain(world);
      onServer((db) => {
        const columns = `device_id, epoch, seq, body, received_at_ms, ${column}`;
        db.exec(`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${table} WHERE seq = 1`);
      });
      const twice = await look();
      assert.equal(
        twice.duplicates.some((name) => name.startsWith(`${stream} 1 of epoch`)),
        true,
      );
      onServer((db) => db.exec(`DELETE FROM ${table} WHERE seq = 1`));
      const missing = await look();
      assert.equal(
        missing.lost.some((name) => name.startsWith(`${stream} 1 of epoch`)),
        true,
      );
    });

  test('a camera that does not flow', async () => {
    world.camera.set('silent');
    const { problems } = await look();
    world.camera.set('moving');
    assert.ok(problems.some((problem) => problem.startsWith('camera street does not flow')));
  });

  test('a champion that is damaged, was never released, or is not there', async () => {
    const { dataDir } = world.box();
    const digest = (await readChampion(dataDir)) ?? '';
    await rm(join(dataDir, 'bundles', digest, 'ballast.bin'));
    await writeFile(join(dataDir, 'bundles', digest, 'ballast.bin'), randomBytes(100));
    const { problems } = await look();
    assert.ok(problems.includes('ballast.bin of the champion is damaged'), problems.join());
  });

  test('a server that sees another model than the box has', async () => {
    const slots = join(world.box().dataDir, 'slots.json');
    await writeFile(slots, JSON.stringify({ champion: { digest: world.good[2]?.digest } }));
    const { problems } = await look();
    assert.ok(
      problems.some((problem) => problem.startsWith('the server sees')),
      problems.join(),
    );
    await writeFile(slots, JSON.stringify({ champion: { digest: 'f'.repeat(64) } }));
    assert.ok((await look()).problems.some((problem) => problem.includes('was never released')));
  });

  test('a fault that was not mounted', async () => {
    const mount = () => Promise.reject(new Error('the fault never struck'));
    const { survived, problems } = await runFault({ family: 'none', name: 'none', mount }, world);
    assert.equal(survived, false);
    assert.deepEqual(problems, ['not mounted: the fault never struck']);
  });

  test('a box that is gone', async () => {
    world.box().hold();
    await world.box().kill();
    const { problems } = await look();
    assert.ok(problems.some((problem) => problem.includes('does not flow')));
    assert.ok(
      problems.some((problem) => problem.startsWith('the box is ')),
      problems.join(),
    );
  });
});
