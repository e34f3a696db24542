import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { RolloutWhole } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { bundleRecord, deviceRecord } from '../support/fleet-data.ts';
import { type OrderedBox, startOrderedBox } from '../support/ordered-box.ts';
import { createRandom } from '../support/random.ts';
import { POLICY, rolloutMember, rolloutWhole } from '../support/rollout-data.ts';
import { until } from '../support/until.ts';

const BOXES = Array.from({ length: 12 }, (_, index) => `box-${index}`);
const BUNDLE = bundleRecord('2.0.0');
const KILLS = 6;
const folder = mkdtempSync(join(tmpdir(), 'watchpost-rollout-kill-'));
const path = join(folder, 'fleet.db');
const children = new Set<ChildProcess>();
const boxes: OrderedBox[] = [];

after(async () => {
  for (const box of boxes) await box.stop();
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Four waves of three, no more than two at work at once: there is always something to be killed in. */
async function prepare(): Promise<void> {
  const store = await openSqliteStore(path);
  await store.bundles.add(BUNDLE);
  for (const id of BOXES) await store.devices.save(deviceRecord(id));
  const members = BOXES.map((id, index) => rolloutMember(id, index, { group: Math.floor(index / 3) }));
  const policy = { ...POLICY, disruptionBudget: { groupBy: 'site', maxUnavailable: 2 } };
  const nowMs = Date.now();
  const whole = rolloutWhole('r', BUNDLE, {
    rollout: { policy, createdAtMs: nowMs, startedAtMs: nowMs },
    groups: [0, 1, 2, 3].map((index) => ({ index, name: `wave ${index}`, state: 'scheduled' })),
    members,
  });
  await store.rollouts.add(whole, []);
  await store.close();
}

async function startServer(port: number): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const script = join(import.meta.dirname, '../support/rollout-server-child.ts');
  const child = spawn(process.execPath, [script, path, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, port: Number(line) };
}

async function read<T>(look: (whole: RolloutWhole) => T): Promise<T> {
  const store = await openSqliteStore(path);
  const whole = await store.rollouts.load('r');
  await store.close();
  assert.ok(whole);
  return look(whole);
}

test('a server killed again and again in the middle of its waves orders every box once, and ends the rollout', async () => {
  await prepare();
  let server = await startServer(0);
  for (const id of BOXES) {
    boxes.push(await startOrderedBox(id, server.port, ['queued', 'downloading', 'testing', 'success']));
  }
  const random = createRandom(5);
  const countOrders = () => boxes.reduce((total, { orders }) => total + orders.length, 0);
  let kills = 0;
  while (kills < KILLS) {
    // Two boxes at most are in work: after every other order there are more to come.
    await until(`order ${2 * kills + 1} was given`, () => countOrders() > 2 * kills);
    await delay(random() * 20);
    server.child.kill('SIGKILL');
    await once(server.child, 'exit');
    kills += 1;
    const early = await read(({ groups, members }) =>
      members.filter(({ group, attempts }) => attempts > 0 && groups[group]?.state === 'scheduled'),
    );
    assert.deepEqual(early, [], 'nobody is ordered before its turn');
    server = await startServer(server.port);
  }
  await until('the rollout is finished', () => read(({ rollout }) => rollout.state === 'finished'), 60_000);
  for (const { id, orders } of boxes) assert.equal(orders.length, 1, `${id} was ordered once`);
  const store = await openSqliteStore(path);
  const whole = await store.rollouts.load('r');
  const journal = await store.rollouts.journal({ rolloutId: 'r', after: 0, limit: 1000 });
  const pages = await Promise.all(BOXES.map((deviceId) => store.deployments.page({ deviceId, limit: 10 })));
  await store.close();
  assert.ok(
    whole?.members.every(({ progress, attempts }) => progress?.state === 'success' && attempts === 1),
  );
  assert.ok(pages.every(({ deployments }) => deployments.length === 1));
  assert.deepEqual(
    journal.map(({ seq }) => seq),
    journal.map((_, index) => index + 1),
  );
  assert.equal(journal.filter(({ to }) => to === 'ordered').length, BOXES.length);
});
