import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { parse, stringify } from 'yaml';
import type { ReleasedBundle } from '../support/fault-bundles.ts';
import { type FaultWorld, openFaultWorld } from '../support/fault-world.ts';
import { fleetctl } from '../support/fleetctl.ts';
import { until } from '../support/until.ts';

/** A real server, a real agent and two cameras that see something all the time, however busy this machine is. */
let world: FaultWorld;
before(async () => {
  world = await openFaultWorld({ random: () => 0.5, settings: { governor: { enabled: false } } });
});
after(() => world.close());

const LIMIT_MS = 120_000;
const bundle = (at: number): ReleasedBundle => world.good[at] as ReleasedBundle;

async function ask(...args: readonly string[]): Promise<string> {
  const { server } = world;
  const env = { WATCHPOST_SERVER: server.url, WATCHPOST_PASSWORD_FILE: server.passwordFile };
  const { status, out, error } = await fleetctl(args, env);
  assert.equal(status, 0, error);
  return out;
}
const rollOut = (name: string, { version }: ReleasedBundle, type: string): Promise<string> =>
  ask(
    ...['rollout', 'create', '--name', name, '--model', `colours@${version}`, '--type', type],
    ...['--canary', '100', '--soak', '0s', '--start'],
  );
const reached = (state: DeploymentState): Promise<void> =>
  until(
    `the deployment is ${state}`,
    async () => (await world.server.device(world.box().id)).deployment?.state === state,
    LIMIT_MS,
  );
const runs = async (): Promise<string | undefined> =>
  (await world.server.device(world.box().id)).activeBundle?.digest;
/** Of the bundle's biggest file: a copy that is downloaded anew is another one. */
const inodeOf = async ({ digest }: ReleasedBundle): Promise<number> =>
  (await stat(join(world.box().dataDir, 'bundles', digest, 'ballast.bin'))).ino;

test('a box keeps a bundle, waits with it until nothing is seen, over a kill -9, and never downloads it again', async () => {
  await rollOut('ahead', bundle(1), 'download_only');
  await reached('kept');
  await ask('rollout', 'watch', 'ahead');
  assert.equal(await runs(), bundle(0).digest);
  const inode = await inodeOf(bundle(1));

  await rollOut('softly', bundle(1), 'soft');
  await reached('waiting_for_quiet');
  await world.box().kill();
  await world.box().start();
  const sinceMs = performance.now();
  await until('both cameras flow', () => world.box().flowing(sinceMs).length === 2, LIMIT_MS);
  const { deployment } = await world.server.device(world.box().id);
  assert.equal(deployment?.state, 'waiting_for_quiet');
  assert.equal(await runs(), bundle(0).digest);

  const config = join(world.box().folder, 'agent.yaml');
  const settings = parse(await readFile(config, 'utf8')) as { cameras: { id: string }[] };
  const cameras = settings.cameras.filter(({ id }) => id === 'street');
  await writeFile(config, stringify({ ...settings, cameras }));
  world.camera.set('black');
  await world.box().restart();
  await reached('success');
  await until('it runs', async () => (await runs()) === bundle(1).digest, LIMIT_MS);
  assert.equal(await inodeOf(bundle(1)), inode);
  const told = await ask('device', 'deployments', world.box().id, '--limit', '1');
  assert.match(told, /waiting for quiet \(until no camera sees anything[\s\S]*testing[\s\S]*success/);
});

test('an order that waits gives way to a newer one', async () => {
  world.camera.set('moving');
  await rollOut('later', bundle(2), 'soft');
  await reached('waiting_for_quiet');
  const id = await world.deploy(bundle(3));
  assert.equal(await world.outcome(id), 'success');
  assert.match(await ask('device', 'deployments', world.box().id, '--limit', '2'), /aborted/);
});
