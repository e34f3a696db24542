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

const open = (boxes: readonly WorldBox[]): Promise<RolloutWorld> =>
  openWorld({ boxes, bundles: [OLD, NEW, NEWER] });

const orderNew = { version: 'petpark@2.0.0', groups: { canary: [100] } };

async function rollBack(world: RolloutWorld, id: string): Promise<string> {
  await world.desk.act(id, 'rollback', {}, ANA);
  return (await world.settle(id, 'rolled_back')).why;
}

const stateOf = async (world: RolloutWorld, id: string) =>
  (await world.desk.members(id, { limit: 9 })).members.find(({ deviceId }) => deviceId === 'box-0')?.state;

test('a box that had installed the bundle before it was ordered again goes back as well', async () => {
  let orders = 0;
  const isLost = (sha256: string): boolean => sha256 === NEW.digest && ++orders === 1;
  const world = await open([
    { id: 'box-0', runs: OLD, answer: ({ sha256 }) => (isLost(sha256) ? [['downloading']] : undefined) },
    { id: 'box-1', runs: OLD },
  ]);
  const policy = { retries: 1, successThreshold: 0.1, errorThreshold: 1 } as const;
  const { id } = await world.create({ ...orderNew, policy });
  await until('box-0 fetches', async () => (await stateOf(world, id)) === 'downloading');
  world.disconnect('box-0');
  world.runs.set('box-0', NEW.digest);
  world.forward(11 * MINUTE_MS);
  await until('its order is timed out', async () => (await stateOf(world, id)) === 'timed_out');
  world.forward(11 * MINUTE_MS);
  world.connect('box-0');
  await world.settle(id, 'finished');
  assert.equal(await stateOf(world, id), 'already_installed');
  assert.equal(await rollBack(world, id), '2 of 2 devices went back');
  assert.deepEqual(
    [...world.runs],
    [
      ['box-0', OLD.digest],
      ['box-1', OLD.digest],
    ],
  );
});

test('a box goes back though a later order failed on it', async () => {
  const isBad = (sha256: string): boolean => sha256 === NEWER.digest;
  const world = await open([
    {
      ...{ id: 'box-0', runs: OLD },
      answer: ({ sha256 }) =>
        isBad(sha256) ? [['testing'], ['rolled_back', 'PROBATION_FAILED']] : undefined,
    },
  ]);
  const { id } = await world.create(orderNew);
  await world.settle(id, 'finished');
  await world.director.deploy('box-0', NEWER.digest);
  const newest = async () => (await world.store.deployments.latest('box-0'))?.state;
  await until('the order by hand failed', async () => (await newest()) === 'rolled_back');
  assert.equal(await rollBack(world, id), '1 of 1 devices went back');
  assert.equal(world.runs.get('box-0'), OLD.digest);
});

test('a box that was brought another bundle between two orders goes back to that', async () => {
  let orders = 0;
  const isLost = (sha256: string): boolean => sha256 === NEW.digest && ++orders === 1;
  const world = await open([
    {
      ...{ id: 'box-0', runs: OLD },
      answer: ({ sha256 }) =>
        isLost(sha256) ? [['downloading'], ['failure', 'DOWNLOAD_FAILED']] : undefined,
    },
  ]);
  const { id } = await world.create({ ...orderNew, policy: { retries: 1 } });
  await until('the first order failed', async () => (await stateOf(world, id)) === 'failure');
  await world.director.deploy('box-0', NEWER.digest);
  const newest = async () => (await world.store.deployments.latest('box-0'))?.state;
  await until('it was brought another bundle', async () => (await newest()) === 'success');
  world.forward(3 * MINUTE_MS);
  await world.settle(id, 'finished');
  assert.equal(world.runs.get('box-0'), NEW.digest);
  assert.equal(await rollBack(world, id), '1 of 1 devices went back');
  assert.equal(world.runs.get('box-0'), NEWER.digest);
});
