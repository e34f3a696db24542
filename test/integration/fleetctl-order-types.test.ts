import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { bundleRecord } from '../support/fleet-data.ts';
import { type FleetctlAccess, fleetctl, fleetctlInTerminal } from '../support/fleetctl.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { openRolloutWorld, type RolloutWorld } from '../support/rollout-world.ts';
import { until } from '../support/until.ts';

const OLD = bundleRecord('1.0.0');
const NEW = bundleRecord('2.0.0');
let http: HttpWorld;
let world: RolloutWorld;
let folder = '';
let env: FleetctlAccess;

function answer({ type }: Order) {
  if (type === 'download_only') return [['downloading'], ['verifying'], ['kept']] as const;
  if (type === 'soft') return [['downloading'], ['verifying'], ['waiting_for_quiet']] as const;
  return [['testing'], ['success']] as const;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-fleetctl-types-'));
  world = await openRolloutWorld({
    path: join(folder, 'rollouts.db'),
    bundles: [OLD, NEW],
    boxes: Array.from({ length: 3 }, (_, at) => ({ id: `box-${at}`, runs: OLD, isOld: at === 2, answer })),
  });
  http = await createHttpWorld({ rollouts: world.desk });
  await http.addUser('olga', ['operator']);
  env = await http.listen();
});
after(async () => {
  await http.close();
  await world.stop();
  await rm(folder, { recursive: true });
});

async function rollout(...args: readonly string[]): Promise<string> {
  const { status, out, error } = await fleetctlInTerminal(['rollout', ...args, '--user', 'olga'], env);
  assert.equal(status, 0, error);
  return out;
}
const create = (name: string, ...args: readonly string[]): Promise<string> =>
  rollout('create', '--model', 'petpark@2.0.0', '--name', name, '--canary', '100', '--soak', '0s', ...args);

test('a plan says what the type means, and who would be rejected for it', async () => {
  const soft = await rollout('plan', '--model', 'petpark@2.0.0', '--type', 'soft', '--soft-hours', '6');
  assert.match(soft, /soft: each device installs when no camera sees anything, 6 h after its order/);
  assert.match(soft, /1 \(box-2, …\) would be rejected: its agent carries out no orders of type soft/);
  const keep = ['plan', '--model', 'petpark@2.0.0', '--type', 'download_only'];
  assert.match(
    await rollout(...keep, '--gate', 'installed'),
    /nothing to roll back,\s+and its gates are not asked/,
  );
  assert.doesNotMatch(await rollout('plan', '--model', 'petpark@2.0.0'), /rejected|quiet|camera sees/);
});

test('a time to wait is for soft orders', async () => {
  const args = ['rollout', 'plan', '--model', 'petpark@2.0.0', '--soft-hours', '6', '--user', 'olga'];
  const { status, error } = await fleetctl(args, env);
  assert.equal(status, 1);
  assert.match(error, /softHours is of type soft, this is forced.*ROLLOUT_INVALID/s);
});

test('devices that wait for quiet are shown, and explained; a rollback calls them back', async () => {
  const made = await create('softly', '--type', 'soft', '--start');
  assert.match(
    made,
    /type\s+soft: each device installs when no camera sees anything, or 24 h after its order/,
  );
  await until('both wait', async () => {
    const out = await rollout('devices', 'softly', '--state', 'waiting_for_quiet');
    return out.split('waiting for quiet').length === 3;
  });
  assert.match(await rollout('explain', 'softly'), /2 devices to install as soon as no camera sees anything/);
  await rollout('rollback', 'softly');
  const { status } = await fleetctl(['rollout', 'watch', 'softly', '--user', 'olga'], env);
  assert.equal(status, 1, 'rolled back');
});

test('a bundle that is kept is a success, and its rollback says that there is nothing to take back', async () => {
  const made = await create('ahead', '--type', 'download_only', '--gate', 'fps', '--start');
  assert.match(made, /type\s+download only: the bundle is kept on the disk and not run; gates are not asked/);
  const { status } = await fleetctl(['rollout', 'watch', 'ahead', '--user', 'olga'], env);
  assert.equal(status, 0);
  assert.match(await rollout('devices', 'ahead'), /box-0\s+1\s+kept/);
  await rollout('rollback', 'ahead');
  await until('it is rolled back', async () => /rolled back/.test(await rollout('status', 'ahead')));
  assert.match(await rollout('status', 'ahead'), /nothing of it ran, so no device had to go back/);
});
