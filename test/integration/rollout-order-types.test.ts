import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundleRecord } from '../support/fleet-data.ts';
import { prepareRolloutWorlds, type RolloutWorld, type WorldBox } from '../support/rollout-world.ts';
import { until } from '../support/until.ts';

const openWorld = prepareRolloutWorlds();
const OLD = bundleRecord('1.0.0');
const NEW = bundleRecord('2.0.0');
const NEWER = bundleRecord('3.0.0');
const MINUTE_MS = 60_000;
const ANA = { kind: 'user', id: 'ana' } as const;
const WAITS = [['downloading'], ['verifying'], ['waiting_for_quiet']] as const;
const ALL_AT_ONCE = { version: 'petpark@2.0.0', groups: { canary: [100] } };
const KEEPS = [['downloading'], ['verifying'], ['kept']] as const;

const open = (
  count: number,
  change: (index: number) => Partial<WorldBox> = () => ({}),
): Promise<RolloutWorld> =>
  openWorld({
    boxes: Array.from({ length: count }, (_, at) => ({ id: `box-${at}`, runs: OLD, ...change(at) })),
    bundles: [OLD, NEW, NEWER],
  });

test('boxes that wait for quiet hold nobody up, are not timed out, and are counted when they are done', async () => {
  const world = await open(6, (index) => (index < 2 ? { answer: () => WAITS } : {}));
  const { id } = await world.create({
    version: 'petpark@2.0.0',
    groups: { list: [{ count: 3, filter: 'id in ("box-0", "box-1", "box-2")' }] },
    policy: { type: 'soft', softHours: 2, timeoutMinutes: 600 },
  });
  await until('the others have it', async () => (await world.desk.show(id)).counts.succeeded === 4);
  const [order] = world.orders.get('box-0') ?? [];
  assert.equal(order?.type, 'soft');
  assert.ok(Math.abs((order?.softUntilMs ?? 0) - Date.now() - 120 * MINUTE_MS) < MINUTE_MS);
  world.forward(110 * MINUTE_MS);
  const { lines } = await world.desk.explain(id);
  const { counts, state } = await world.desk.show(id);
  assert.deepEqual([state, counts.inWork, counts.failed], ['running', 2, 0]);
  assert.match(lines.join(' '), /2 devices to install as soon as no camera sees anything/);
  await world.say('box-0', 'testing');
  await world.say('box-0', 'success');
  world.forward(25 * MINUTE_MS);
  const done = await world.settle(id, 'paused');
  const { members } = await world.desk.members(id, { limit: 10 });
  assert.deepEqual(
    members.filter(({ deviceId }) => deviceId === 'box-1').map(({ state: at, reason }) => [at, reason]),
    [['timed_out', 'STEP_TIMEOUT']],
    'nothing stays in work for ever',
  );
  assert.equal(done.counts.succeeded, 5);
});

for (const type of ['soft', 'download_only'] as const) {
  test(`a box whose agent knows no ${type} orders is rejected with the reason, and is no failure`, async () => {
    const answer = type === 'soft' ? {} : { answer: () => KEEPS };
    const world = await open(5, (index) => (index < 2 ? { isOld: true } : answer));
    const request = { version: 'petpark@2.0.0', policy: { type } } as const;
    const { unfit } = await world.desk.plan(request);
    assert.deepEqual(
      unfit.map(({ code, devices }) => [code, devices]),
      [['UNFIT_AGENT', 2]],
    );
    const { id } = await world.create(request);
    const { counts } = await world.settle(id, 'finished');
    assert.deepEqual([counts.succeeded, counts.rejected, counts.failed], [3, 2, 0]);
    assert.deepEqual([...world.orders.keys()].sort(), ['box-2', 'box-3', 'box-4']);
    const { members } = await world.desk.members(id, { state: 'rejected', limit: 10 });
    assert.match(members[0]?.detail ?? '', new RegExp(`no orders of type ${type}`));
    const forced = await world.create({ version: 'petpark@2.0.0', policy: { type: 'forced' } });
    assert.equal((await world.settle(forced.id, 'finished')).counts.succeeded, 5);
  });
}

test('a box is ordered softly once it has said what its agent carries out', async () => {
  const world = await open(1, () => ({ isSilent: true }));
  const { id } = await world.create({ version: 'petpark@2.0.0', policy: { type: 'soft' } });
  await until('it is held back', async () => (await world.desk.show(id)).held.length > 0);
  assert.equal(world.orders.size, 0);
  world.introduce('box-0');
  await world.settle(id, 'finished');
  assert.equal(world.orders.get('box-0')?.length, 1);
});

test('a bundle that is kept changes nothing that runs, asks no gate, and has no way back', async () => {
  const world = await open(4, () => ({
    answer: ({ type }) => (type === 'download_only' ? KEEPS : [['testing'], ['success']]),
  }));
  const { id } = await world.create({
    version: 'petpark@2.0.0',
    policy: { type: 'download_only', gates: [{ gate: 'fps' }] },
  });
  assert.equal((await world.settle(id, 'finished')).counts.succeeded, 4);
  assert.deepEqual([...new Set(world.runs.values())], [OLD.digest]);
  const { entries } = await world.desk.journal(id, { after: 0, limit: 100 });
  assert.ok(entries.some(({ why }) => why.includes('no gate is asked')));
  await world.desk.act(id, 'rollback', {}, ANA);
  const back = await world.settle(id, 'rolled_back');
  assert.match(back.why, /nothing of it ran, so no device had to go back/);
  assert.ok([...world.orders.values()].every((orders) => orders.length === 1));
  const now = await world.create({ version: 'petpark@2.0.0' });
  await world.settle(now.id, 'finished');
  assert.deepEqual([...new Set(world.runs.values())], [NEW.digest]);
});

test('a rollout that goes first has boxes that only wait, and theirs lets go of them', async () => {
  const world = await open(3, () => ({
    answer: ({ type }) => (type === 'soft' ? WAITS : [['testing'], ['success']]),
  }));
  const soft = await world.create({ ...ALL_AT_ONCE, policy: { type: 'soft' } });
  await until('all wait', async () => {
    const { members } = await world.desk.members(soft.id, { state: 'waiting_for_quiet', limit: 10 });
    return members.length === 3;
  });
  const urgent = await world.create({ name: 'urgent', version: 'petpark@3.0.0', priority: 200 });
  await world.settle(urgent.id, 'finished');
  assert.equal((await world.settle(soft.id, 'finished')).counts.other, 3);
  assert.deepEqual([...new Set(world.runs.values())], [NEWER.digest]);
});

test('a rollout that stops waits for boxes that wait for quiet, unless they are called back', async () => {
  const world = await open(2, () => ({
    answer: ({ type }) => (type === 'soft' ? WAITS : [['already_installed']]),
  }));
  const { id } = await world.create({ ...ALL_AT_ONCE, policy: { type: 'soft' } });
  await until('both wait', async () => {
    const { members } = await world.desk.members(id, { state: 'waiting_for_quiet', limit: 10 });
    return members.length === 2;
  });
  await world.desk.act(id, 'stop', {}, ANA);
  await until('it says so', async () => {
    const { lines } = await world.desk.explain(id);
    return /2 devices still in work.*rollback calls them back/.test(lines.join(' '));
  });
  await world.desk.act(id, 'rollback', {}, ANA);
  assert.equal((await world.settle(id, 'rolled_back')).counts.restored, 2);
  assert.deepEqual([...new Set(world.runs.values())], [OLD.digest]);
});
