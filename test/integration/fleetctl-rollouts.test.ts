import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { runFleetctl } from '../../fleet-server/src/cli/run-fleetctl.ts';
import { startBreakingProxy } from '../support/breaking-proxy.ts';
import { bundleRecord } from '../support/fleet-data.ts';
import { type FleetctlAccess, fleetctlInTerminal } from '../support/fleetctl.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { openRolloutWorld, type RolloutWorld } from '../support/rollout-world.ts';

const OLD = bundleRecord('1.0.0');
const GOOD = bundleRecord('2.0.0');
const BAD = bundleRecord('3.0.0');
const BOXES = 20;
const FAILS: readonly (readonly [DeploymentState, string?])[] = [
  ['downloading'],
  ['testing'],
  ['failure', 'SELFTEST_FAILED'],
];
const SUCCEEDS: readonly (readonly [DeploymentState, string?])[] = [
  ['downloading'],
  ['testing'],
  ['success'],
];

let http: HttpWorld;
let world: RolloutWorld;
let folder = '';
let env: FleetctlAccess;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-fleetctl-rollouts-'));
  world = await openRolloutWorld({
    path: join(folder, 'rollouts.db'),
    bundles: [OLD, GOOD, BAD],
    boxes: Array.from({ length: BOXES }, (_, index) => ({
      id: `box-${index}`,
      site: index % 2 === 0 ? 'bcn-1' : 'mad-1',
      runs: OLD,
      answer: ({ sha256 }: Order) => (sha256 === BAD.digest ? FAILS : SUCCEEDS),
    })),
  });
  http = await createHttpWorld({ rollouts: world.desk });
  await http.addUser('olga', ['operator']);
  await http.addUser('vera', ['viewer']);
  env = await http.listen();
});
after(async () => {
  await http.close();
  await world.stop();
  await rm(folder, { recursive: true });
});

const run = (...args: readonly string[]) => fleetctlInTerminal(['rollout', ...args], env);
async function done(...args: readonly string[]): Promise<string> {
  const { status, out, error } = await run(...args);
  assert.equal(status, 0, error);
  return out;
}
async function fails(code: string, ...args: readonly string[]): Promise<string> {
  const { status, error } = await run(...args);
  assert.equal(status, code === 'USAGE' ? 2 : 1, error);
  assert.ok(error.includes(`[${code}]`), error);
  return error;
}

test('a plan shows the groups and the whole policy, and changes nothing', async () => {
  const plan = ['plan', '--model', 'petpark@2.0.0', '--canary', '10,100', '--soak', '90s', '--seed', 'x'];
  const text = await done(...plan);
  assert.match(text, /petpark@2\.0\.0, bundle \w{12}: 20 devices, 20 connected/);
  assert.match(text, /1: 10 % +2 +2 +(bcn-1 1, mad-1 1|mad-1 1, bcn-1 1)/);
  assert.match(text, /2: 100 % +18 +18/);
  assert.match(text, /soakSeconds: 90\n/);
  assert.match(text, /nothing was changed/);
  assert.equal(await done(...plan), text);
  assert.deepEqual(JSON.parse(await done('list', '--json')), { rollouts: [] });
});

test('a rollout that is watched tells each change, and ends with exit status 0', async () => {
  const made = await done(
    ...['create', '--model', 'petpark@2.0.0', '--name', 'good', '--canary', '10,100'],
    ...['--soak', '0s', '--start', '--json'],
  );
  const { id, policy } = JSON.parse(made);
  assert.deepEqual([policy.soakSeconds, policy.successThreshold], [0, 0.9]);
  const { status, out, progress } = await run('watch', 'good', '--every', '1s');
  assert.equal(status, 0);
  assert.match(out, /^good is finished/);
  assert.match(out, /2: 100 % +finished +18 +18 +18 +0 +0 +0 +0 +█{14}/);
  assert.ok(progress.some((line) => /Z {2}group 1 finished: /.test(line)));
  assert.match(await done('list'), new RegExp(`good +finished +petpark@2\\.0\\.0 +2/2 +20/20 +0 +${id}`));
  assert.match(await done('journal', id), /rollout running \(admin\)/);
  assert.match(await done('devices', 'good', '--group', '1'), /^DEVICE.*\nbox-\d+ +1 +success +1/);
  assert.match(await done('explain', 'good'), /^good is finished\.\n- It is over/);
});

test('an error of a group pauses a rollout: the watch ends with exit status 1, and what is wrong is said', async () => {
  await done(
    ...['create', '--model', 'petpark@3.0.0', '--name', 'bad', '--groups', '4', '--soak', '0s'],
    ...['--retries', '0', '--on-error', 'pause', '--start'],
  );
  const { status, out } = await run('watch', 'bad', '--every', '1s');
  assert.equal(status, 1);
  assert.match(out, /^bad is paused: group 1: /);
  assert.match(out, /1: 25 % +error +5 +/);
  const why = await done('explain', 'bad');
  assert.match(why, /SELFTEST_FAILED/);
  assert.match(why, /Resume lets it go on/);
  await fails('ROLLOUT_STATE', 'approve', 'bad');
  assert.match(await done('skip-group', 'bad', '--note', 'seen'), /1: 25 % +finished/);
  assert.match(await done('journal', 'bad'), /group 1 finished \(admin\): .*seen/);
  assert.match(await done('stop', 'bad'), /bad is stopp(ing|ed)/);
  const watched = await run('watch', 'bad', '--every', '1s');
  assert.equal(watched.status, 1);
  assert.match(watched.out, /bad is stopped/);
});

test('a rollout is taken back to what each device ran before', async () => {
  await done('create', '--model', 'petpark@1.0.0', '--name', 'back', '--soak', '0s', '--start');
  assert.equal((await run('watch', 'back', '--every', '1s')).status, 0);
  assert.match(await done('rollback', 'back', '--note', 'not this one'), /back is rolling back/);
  const { status, out } = await run('watch', 'back', '--every', '1s');
  assert.equal(status, 1);
  assert.match(out, /back is rolled back/);
  assert.match(out, /\d+ devices are back at their own bundle/);
});

test('a watch asks again when an answer breaks off in its middle', async (t) => {
  const proxy = await startBreakingProxy(env.WATCHPOST_SERVER);
  t.after(() => proxy.close());
  proxy.break(/^rollouts\/[0-9a-f-]{36}$/);
  const { status, out, error } = await run('watch', 'good', '--server', proxy.url);
  assert.deepEqual([status, proxy.remaining()], [0, 0], error);
  assert.match(out, /^good is finished/);
});

test('a watch lasts longer than a session: it logs in again by itself', async () => {
  await done('create', '--model', 'petpark@2.0.0', '--name', 'long', '--soak', '0s');
  const errors: string[] = [];
  let starting: Promise<string> | undefined;
  const status = await runFleetctl(['rollout', 'watch', 'long', '--every', '1s'], {
    env,
    out: () => undefined,
    error: (line) => void errors.push(line),
    progress: () => {
      if (starting !== undefined) return;
      http.clock.nowMs += 13 * 3_600_000;
      starting = done('start', 'long');
    },
  });
  await starting;
  assert.deepEqual([status, errors], [0, []]);
});

test('somebody else approves, and who only looks may not steer', async () => {
  await done('create', '--model', 'petpark@2.0.0', '--name', 'asked', '--approval');
  assert.match(await fails('APPROVER_IS_AUTHOR', 'approve', 'asked'), /admin/);
  const as = (name: string) => ['--user', name, '--password-file', env.WATCHPOST_PASSWORD_FILE];
  await fails('FORBIDDEN', 'approve', 'asked', ...as('vera'));
  assert.match(await done('status', 'asked', ...as('vera')), /asked is waiting for approval/);
  assert.match(await done('approve', 'asked', ...as('olga')), /asked is ready: approve by olga/);
  await done('stop', 'asked');
});

test('a file says the same as the options, and is refused at its place', async () => {
  const path = join(folder, 'rollout.yaml');
  const text =
    'version: petpark@2.0.0\ngroups: { canary: [50] }\npolicy:\n  soakSeconds: 5\n  onError: stop\n';
  await writeFile(path, text);
  const plan = JSON.parse(await done('plan', '-f', path, '--soak', '1m', '--json'));
  assert.deepEqual([plan.policy.soakSeconds, plan.policy.onError, plan.groups.length], [60, 'stop', 2]);
  await writeFile(path, text.replace('onError: stop', 'onErr: stop'));
  assert.match(await fails('ROLLOUT_INVALID', 'plan', '-f', path), /rollout\.yaml:5: policy\.onErr: /);
  await writeFile(path, text.replace('soakSeconds: 5', 'soakSeconds: soon'));
  assert.match(await fails('ROLLOUT_INVALID', 'plan', '-f', path), /:4: policy\.soakSeconds: /);
});

for (const [code, says, ...args] of [
  ['USAGE', '--model', 'create'],
  ['USAGE', '--soak', 'create', '--model', 'petpark@2.0.0', '--soak', '10'],
  ['USAGE', '--every', 'watch', 'good', '--every', 'often'],
  ['NOT_FOUND', 'nothing', 'status', 'nothing'],
  ['FILTER_INVALID', 'character', 'plan', '--model', 'petpark@2.0.0', '--filter', 'site =='],
  ['ROLLOUT_STATE', 'finished', 'pause', 'good'],
] as const)
  test(`what cannot be is refused with ${code}: fleetctl rollout ${args.join(' ')}`, async () => {
    assert.ok((await fails(code, ...args)).includes(says));
  });

test('on a terminal the groups are drawn again and again, and lines for a log are not', async () => {
  await done('create', '--model', 'petpark@2.0.0', '--name', 'drawn', '--soak', '0s', '--start');
  const drawn = new Map<string, string[]>();
  const status = await runFleetctl(['rollout', 'watch', 'drawn', '--every', '1s'], {
    env,
    out: () => undefined,
    error: assert.fail,
    progress: (text, state) => void drawn.set(state, [...(drawn.get(state) ?? []), text]),
  });
  assert.equal(status, 0);
  assert.ok(drawn.get('done')?.some((line) => line.includes('rollout finished')));
  for (const text of drawn.get('moving') ?? []) assert.match(text, /^$|^drawn is \w+: .*\nGROUP /);
});
