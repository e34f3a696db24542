import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundleRecord } from '../support/fleet-data.ts';
import { prepareRolloutWorlds, type RolloutWorld, type WorldBox } from '../support/rollout-world.ts';
import { until } from '../support/until.ts';

const openWorld = prepareRolloutWorlds();
const OLD = bundleRecord('1.0.0');
const NEW = bundleRecord('2.0.0');
const NEWER = bundleRecord('3.0.0');
const ANA = { kind: 'user', id: 'ana' } as const;
const MINUTE_MS = 60_000;
const SPRING = { name: 'spring', version: 'petpark@2.0.0', groups: { canary: [100] } };
const HOTFIX = { name: 'hotfix', version: 'petpark@3.0.0', groups: { canary: [100] }, priority: 200 };

const open = (boxes: readonly WorldBox[]): Promise<RolloutWorld> =>
  openWorld({ boxes, bundles: [OLD, NEW, NEWER] });

const four = (): readonly WorldBox[] => [0, 1, 2, 3].map((n) => ({ id: `box-${n}`, runs: OLD }));
const digestsOf = ({ runs }: RolloutWorld): readonly string[] => [...runs.values()];
const NEWER_ONLY = [NEWER, NEWER, NEWER, NEWER].map(({ digest }) => digest);

test('a rollout that waited for its time leaves boxes to one that went first and is over', async () => {
  const world = await open(four());
  const startAtMs = world.clock.aheadMs + Date.now() + 60 * MINUTE_MS;
  const spring = await world.create({ ...SPRING, start: false, startAtMs });
  const hotfix = await world.create(HOTFIX);
  await world.settle(hotfix.id, 'finished');
  world.forward(61 * MINUTE_MS);
  assert.equal((await world.settle(spring.id, 'finished')).counts.succeeded, 0);
  assert.deepEqual(digestsOf(world), NEWER_ONLY);
  const { lines } = await world.desk.explain(spring.id);
  assert.deepEqual(lines.slice(1), ['4 devices left alone: hotfix goes first, and has been there.']);
});

test('so does one that was paused when the other one began', async () => {
  const world = await open(four());
  const spring = await world.create({
    ...SPRING,
    groups: { canary: [25, 100] },
    policy: { soakSeconds: 600 },
  });
  const canaryOf = async () => (await world.desk.show(spring.id)).groups[0];
  await until('its canary soaks', async () => (await canaryOf())?.state === 'soaking');
  await world.desk.act(spring.id, 'pause', {}, ANA);
  const hotfix = await world.create(HOTFIX);
  await world.settle(hotfix.id, 'finished');
  await world.desk.act(spring.id, 'resume', {}, ANA);
  world.forward(11 * MINUTE_MS);
  assert.equal((await world.settle(spring.id, 'finished')).counts.succeeded, 1);
  assert.deepEqual(digestsOf(world), NEWER_ONLY);
});

test('and who joins a continuous rollout after another one that goes first was there', async () => {
  const world = await open(four());
  const spring = await world.create({
    ...{ ...SPRING, filter: 'tag:dogs', policy: { targetSelection: 'continuous' } },
  });
  const hotfix = await world.create(HOTFIX);
  await world.settle(hotfix.id, 'finished');
  await world.tag('box-0', 'dogs');
  world.forward(MINUTE_MS);
  const members = async () => (await world.desk.members(spring.id, { limit: 9 })).members;
  await until('it is let go', async () => (await members())[0]?.reason === 'ROLLOUT_OUTRANKED');
  assert.deepEqual(digestsOf(world), NEWER_ONLY);
});

test('a rollout made after one that went first was over has every box', async () => {
  const world = await open(four());
  const hotfix = await world.create(HOTFIX);
  await world.settle(hotfix.id, 'finished');
  world.forward(MINUTE_MS);
  const spring = await world.create(SPRING);
  assert.equal((await world.settle(spring.id, 'finished')).counts.succeeded, 4);
});

test('a box on which who goes first found its bundle stays with it', async () => {
  const world = await open([
    { id: 'box-0', runs: NEWER },
    { id: 'box-1', runs: OLD, isAway: true },
  ]);
  const hotfix = await world.create(HOTFIX);
  await until('it was there', async () => (await world.desk.show(hotfix.id)).counts.succeeded === 1);
  const spring = await world.create({ ...SPRING, filter: 'id == "box-0"' });
  assert.equal((await world.settle(spring.id, 'finished')).counts.succeeded, 0);
  assert.equal(world.runs.get('box-0'), NEWER.digest);
});
