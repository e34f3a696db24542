import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RolloutView } from '@watchpost/shared/api/rollouts.ts';
import type { GateQuestion } from '../../fleet-server/src/gates/port.ts';
import { bundleRecord } from '../support/fleet-data.ts';
import {
  openRolloutWorld,
  type RolloutWorld,
  type RolloutWorldOptions,
  type WorldBox,
} from '../support/rollout-world.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchpost-rollouts-'));
const worlds = new Set<RolloutWorld>();
after(async () => {
  for (const world of worlds) await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

const OLD = bundleRecord('1.0.0');
const OLDER = bundleRecord('0.9.0');
const NEW = bundleRecord('2.0.0');
const NEWER = bundleRecord('3.0.0');
const BUNDLES = [OLD, OLDER, NEW, NEWER];
const MINUTE_MS = 60_000;
let made = 0;

async function open(
  boxes: readonly WorldBox[],
  path = join(folder, `${++made}.db`),
  rest: Pick<RolloutWorldOptions, 'gates'> = {},
): Promise<RolloutWorld> {
  const world = await openRolloutWorld({ path, boxes, bundles: BUNDLES, ...rest });
  worlds.add(world);
  return world;
}

async function close(world: RolloutWorld): Promise<void> {
  worlds.delete(world);
  await world.stop();
}

const boxes = (
  count: number,
  change: (index: number) => Partial<WorldBox> = () => ({}),
): readonly WorldBox[] =>
  Array.from({ length: count }, (_, index) => ({ id: `box-${index}`, runs: OLD, ...change(index) }));

const statesOf = ({ groups }: RolloutView) => groups.map(({ state, counts }) => [state, counts.succeeded]);

test('a rollout goes through its waves, each device ordered once, each transition written down', async () => {
  const world = await open(boxes(40));
  const { id } = await world.create({
    version: 'petpark@2.0.0',
    groups: { canary: [5, 25, 50, 100] },
    policy: { minExecuted: 2 },
  });
  const done = await world.settle(id, 'finished');
  assert.deepEqual(statesOf(done), [
    ['finished', 2],
    ['finished', 8],
    ['finished', 10],
    ['finished', 20],
  ]);
  assert.ok([...world.orders.values()].every((orders) => orders.length === 1));
  const { entries } = await world.desk.journal(id, { after: 0, limit: 1000 });
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    entries.map((_, index) => index + 1),
  );
  const groups = entries
    .filter(({ subject }) => subject === 'group')
    .map(({ group, to }) => `${group} ${to}`);
  assert.deepEqual(groups.slice(0, 4), ['1 running', '1 soaking', '1 finished', '2 running']);
  assert.equal(entries.filter(({ to }) => to === 'ordered').length, 40);
});

test('boxes may answer while others are still being ordered', async () => {
  const world = await open(boxes(300));
  const { id } = await world.create({ version: 'petpark@2.0.0', groups: { canary: [100] } });
  await world.settle(id, 'finished');
});

test('a fleet of which 40 % is away goes on, and who comes back is ordered late', async () => {
  const world = await open(boxes(20, (index) => ({ isAway: index % 5 < 2 })));
  const { id } = await world.create({ version: 'petpark@2.0.0', groups: { canary: [50, 100] } });
  await until('every group is finished', async () => {
    const { groups, counts } = await world.desk.show(id);
    return groups.every(({ state }) => state === 'finished') && counts.succeeded === 12;
  });
  const waiting = await world.desk.show(id);
  assert.equal(waiting.state, 'running');
  assert.deepEqual(waiting.held, [{ reason: 'offline', devices: 8 }]);
  assert.equal(world.orders.size, 12, 'nobody is ordered who is away');
  for (const index of [0, 1, 5, 6, 10, 11, 15]) world.connect(`box-${index}`);
  await until('they have it', async () => (await world.desk.show(id)).counts.succeeded === 19);
  world.forward(61 * MINUTE_MS);
  const done = await world.settle(id, 'finished');
  assert.equal(done.counts.other, 1, 'who never came is neither a success nor a failure');
});

test('no more devices of a site are at work than its budget has room for', async () => {
  const world = await open(boxes(18, (index) => ({ site: `site-${index % 3}` })));
  const disruptionBudget = { groupBy: 'site', maxUnavailable: 2 };
  const { id } = await world.create({
    version: 'petpark@2.0.0',
    groups: { canary: [100] },
    policy: { disruptionBudget },
  });
  await world.settle(id, 'finished');
  assert.deepEqual([...world.darkest].toSorted(), [
    ['site-0', 2],
    ['site-1', 2],
    ['site-2', 2],
  ]);
});

test('a bad canary is taken back by itself, each device to its own bundle before', async () => {
  const world = await open(
    boxes(10, (index) => ({
      runs: index % 2 === 0 ? OLD : OLDER,
      answer: ({ sha256 }) =>
        index < 4 && sha256 === NEW.digest
          ? [['testing'], ['rolled_back', 'PROBATION_FAILED']]
          : [['testing'], ['success']],
    })),
  );
  const { id } = await world.create({
    version: 'petpark@2.0.0',
    groups: { canary: [100] },
    policy: { onError: 'rollback' },
  });
  const done = await world.settle(id, 'rolled_back');
  assert.equal(done.counts.failed, 4);
  assert.equal(done.counts.restored, 6);
  for (let index = 0; index < 10; index += 1) {
    assert.equal(world.runs.get(`box-${index}`), (index % 2 === 0 ? OLD : OLDER).digest);
  }
  assert.match(done.why, /6 of 6 devices went back/);
});

test('of two rollouts the one with the higher priority has its devices, and the other one lets go of them', async () => {
  const world = await open(boxes(6));
  const low = await world.create({ name: 'low', version: 'petpark@2.0.0', priority: 1, start: false });
  const high = await world.create({
    name: 'high',
    version: 'petpark@3.0.0',
    priority: 9,
    filter: 'id in ("box-0", "box-1")',
  });
  await world.desk.act(low.id, 'start', {}, { kind: 'user', id: 'ana' });
  await world.settle(high.id, 'finished');
  const done = await world.settle(low.id, 'finished');
  assert.equal(world.runs.get('box-0'), NEWER.digest);
  assert.equal(world.runs.get('box-5'), NEW.digest);
  assert.ok([...world.orders.values()].every((orders) => orders.length === 1));
  assert.equal(done.counts.succeeded + done.counts.other, 6);
  assert.equal(done.counts.succeeded, 4);
});

test('a device that fails pauses the rollout; a person lets it go on, tries it again or turns it back', async () => {
  let isBroken = true;
  const world = await open(
    boxes(4, (index) => ({
      answer: ({ sha256 }) =>
        index === 0 && isBroken && sha256 === NEW.digest
          ? [['failure', 'SELFTEST_FAILED']]
          : [['testing'], ['success']],
    })),
  );
  const ben = { kind: 'user', id: 'ben' } as const;
  const { id } = await world.create({ version: 'petpark@2.0.0', groups: { canary: [100] } });
  const paused = await world.settle(id, 'paused');
  assert.match(paused.why, /group 1: 1 of \d executed devices failed/);
  const { lines } = await world.desk.explain(id);
  assert.match(lines.join(' '), /It is paused.*SELFTEST_FAILED \(1\)/);
  isBroken = false;
  await world.desk.act(id, 'retry', { devices: ['box-0'] }, ben);
  await world.desk.act(id, 'resume', { note: 'mended' }, ben);
  await world.settle(id, 'finished');
  assert.equal(world.orders.get('box-0')?.at(-1)?.liftQuarantine, true);
  await assert.rejects(world.desk.act(id, 'resume', {}, ben), { code: 'ROLLOUT_STATE' });
  await world.desk.act(id, 'rollback', {}, ben);
  await world.settle(id, 'rolled_back');
  assert.ok([...world.runs.values()].every((digest) => digest === OLD.digest));
});

test('a device that failed three times within a day is left alone', async () => {
  const world = await open(boxes(2, () => ({ answer: () => [['failure', 'SELFTEST_FAILED']] })));
  for (let turn = 0; turn < 3; turn += 1) await world.director.deploy('box-0', OLDER.digest);
  await until(
    'it failed',
    async () => ((await world.store.rollouts.failuresSince(0)).get('box-0') ?? 0) === 3,
  );
  const { id } = await world.create({ version: 'petpark@2.0.0', policy: { onError: 'stop' } });
  await world.settle(id, 'stopped');
  const { members } = await world.desk.members(id, { limit: 10 });
  const looping = members.find(({ deviceId }) => deviceId === 'box-0');
  assert.deepEqual([looping?.state, looping?.reason], ['rejected', 'DEVICE_LOOPING']);
});

test('a device in work that says nothing is timed out, and what it says later counts', async () => {
  const world = await open(boxes(2, (index) => (index === 0 ? { answer: () => [['downloading']] } : {})));
  const { id } = await world.create({
    version: 'petpark@2.0.0',
    groups: { canary: [100] },
    policy: { errorThreshold: 1, successThreshold: 0.5 },
  });
  await until('one has it', async () => (await world.desk.show(id)).counts.succeeded === 1);
  world.forward(11 * MINUTE_MS);
  await world.settle(id, 'finished');
  const stateOf = async () =>
    (await world.desk.members(id, { limit: 9 })).members.find(({ deviceId }) => deviceId === 'box-0')?.state;
  assert.equal(await stateOf(), 'timed_out');
  await world.say('box-0', 'downloaded');
  assert.equal(await stateOf(), 'timed_out');
  await world.say('box-0', 'failure');
  assert.equal(await stateOf(), 'failure');
});

test('a continuous rollout takes in who meets its filter later', async () => {
  const world = await open(boxes(3));
  const { id } = await world.create({
    version: 'petpark@2.0.0',
    filter: 'tag:outdoor',
    policy: { targetSelection: 'continuous' },
  });
  assert.equal((await world.desk.show(id)).counts.total, 0);
  await world.tag('box-1', 'outdoor');
  world.forward(MINUTE_MS);
  await until('it has it', async () => (await world.desk.show(id)).counts.succeeded === 1);
  await world.tag('box-2', 'outdoor');
  world.forward(MINUTE_MS);
  await until('both have it', async () => (await world.desk.show(id)).counts.succeeded === 2);
  world.forward(60 * MINUTE_MS);
  assert.equal((await world.settle(id, 'finished')).counts.total, 2);
  assert.equal(world.orders.has('box-0'), false);
});

test('another server goes on where one fell silent, and never at the same time', async () => {
  const world = await open(boxes(6));
  const other = world.openEngine();
  await other.start(new AbortController().signal);
  const { id } = await world.create({ version: 'petpark@2.0.0', groups: { canary: [50, 100] } });
  await world.settle(id, 'finished');
  assert.ok([...world.orders.values()].every((orders) => orders.length === 1));
  await world.engine.stop();
  const next = await world.create({ version: 'petpark@3.0.0' });
  await world.settle(next.id, 'finished');
  assert.ok([...world.orders.values()].every((orders) => orders.length === 2));
});

test('a store that stalls for longer than the lease is held holds the rollout up for no longer than that', async () => {
  const world = await open(boxes(1));
  const { apply } = world.store.rollouts;
  let stallsMs = 8_000;
  world.store.rollouts.apply = async (change) => {
    const isStored = await apply(change);
    world.clock.aheadMs += stallsMs;
    stallsMs = 0;
    return isStored;
  };
  await world.create({ version: 'petpark@2.0.0', groups: { canary: [100] } });
  await until('the box is ordered', () => world.orders.has('box-0'));
});

test('a server restored from the backup of yesterday brings the rollout to its end', async () => {
  const path = join(folder, 'restored.db');
  const backup = join(folder, 'backup.db');
  const devices = boxes(10, (index) => ({ isAway: index > 4 }));
  const first = await open(devices, path);
  const { id } = await first.create({
    version: 'petpark@2.0.0',
    groups: { canary: [100] },
    policy: { retries: 1 },
  });
  await until('half of them have it', async () => (await first.desk.show(id)).counts.succeeded === 5);
  const runs = new Map(first.runs);
  await close(first);
  copyFileSync(path, backup);
  const second = await open(
    devices.map((box) => ({ ...box, isAway: false, ...(runs.get(box.id) === NEW.digest && { runs: NEW }) })),
    path,
  );
  await second.settle(id, 'finished');
  await close(second);
  const third = await open(
    devices.map((box) => ({ ...box, isAway: false, runs: NEW })),
    backup,
  );
  const done = await third.settle(id, 'finished');
  assert.equal(done.counts.succeeded, 10);
});

test('a gate that finds harm while a canary soaks takes it back, and the rest is never ordered', async () => {
  const asked: GateQuestion[] = [];
  const gates: RolloutWorldOptions['gates'] = {
    judge: async (question) => {
      asked.push(question);
      return [{ gate: 'error_rate', verdict: 'fail', why: '15 % instead of 3 %' }];
    },
  };
  const world = await open(boxes(10), undefined, { gates });
  const { id } = await world.create({
    version: 'petpark@2.0.0',
    groups: { canary: [20, 100] },
    policy: { onError: 'rollback', soakSeconds: 600, gates: [{ gate: 'error_rate' }] },
  });
  const done = await world.settle(id, 'rolled_back');
  assert.equal(world.orders.size, 2);
  assert.equal(done.counts.restored, 2);
  assert.ok([...world.runs.values()].every((digest) => digest === OLD.digest));
  const [question] = asked;
  assert.equal(question?.executed.length, 2);
  assert.equal(question?.control.length, 8);
  const { entries } = await world.desk.journal(id, { after: 0, limit: 1000 });
  assert.ok(entries.some(({ why }) => why === 'group 1: gate error_rate: 15 % instead of 3 %'));
});

test('a device that was restored from a backup changes nothing of what the rollout knows', async () => {
  const world = await open(boxes(2));
  const { id } = await world.create({
    version: 'petpark@2.0.0',
    groups: { canary: [100] },
    policy: { targetSelection: 'continuous' },
  });
  await until('both have it', async () => (await world.desk.show(id)).counts.succeeded === 2);
  const lost = '00000000000000dd';
  for (const state of ['queued', 'downloading', 'testing', 'failure'] as const) {
    await world.say('box-0', state, lost);
  }
  world.forward(61 * MINUTE_MS);
  assert.equal((await world.settle(id, 'finished')).counts.succeeded, 2);
});

test('a rollout whose filter can be read no more keeps no other one from going on', async () => {
  const world = await open(boxes(3));
  await world.store.targeting.saveGroup({ id: 'gone', devices: ['box-0'] });
  const policy = { targetSelection: 'continuous' } as const;
  await world.create({ version: 'petpark@2.0.0', filter: 'group:gone', policy, name: 'broken' });
  await world.store.targeting.deleteGroup('gone');
  world.forward(MINUTE_MS);
  const { id } = await world.create({ version: 'petpark@3.0.0' });
  await world.settle(id, 'finished');
});

test('what boxes told after the backup is lost, and found out again', async () => {
  const path = join(folder, 'told.db');
  const first = await open(
    boxes(3, () => ({ answer: () => [['downloading']] })),
    path,
  );
  const { id } = await first.create({
    version: 'petpark@2.0.0',
    groups: { canary: [100] },
    policy: { retries: 1 },
  });
  await until('all are at work', async () => (await first.desk.show(id)).counts.inWork === 3);
  await close(first);
  const second = await open(
    boxes(3, () => ({ runs: NEW })),
    path,
  );
  second.forward(9 * MINUTE_MS);
  assert.equal((await second.desk.show(id)).counts.inWork, 3, 'silence counts from the start of the server');
  second.forward(2 * MINUTE_MS);
  await until('they are to be tried again', async () => (await second.desk.show(id)).counts.failed === 3);
  second.forward(2 * MINUTE_MS);
  const done = await second.settle(id, 'finished');
  assert.deepEqual([done.counts.succeeded, second.orders.get('box-0')?.length], [3, 1]);
});
