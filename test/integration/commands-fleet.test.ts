import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { CommandView } from '../../shared/src/api/commands.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import type { FaultBox } from '../support/fault-box.ts';
import type { FaultServer } from '../support/fault-server.ts';
import { openServedBox, type ServedBox } from '../support/served-box.ts';
import { until } from '../support/until.ts';

/** As systemd marks what it watches. */
const SUPERVISED = { NOTIFY_SOCKET: '/nowhere/notify' };

let served: ServedBox;
let folder: string;
let clips: ClipFolder;
let server: FaultServer;
let box: FaultBox;
let run: ServedBox['run'];
const send = async (...args: readonly string[]) => {
  const { status, out, error } = await run('device', 'cmd', 'box-1', ...args, '--wait', '--json');
  assert.equal(error, '');
  return { status, command: JSON.parse(out) as CommandView };
};
const isOnline = async (): Promise<boolean> =>
  (await server.device('box-1')).cameras.some(
    (camera) => camera.id === 'gate' && camera.status?.condition === 'online',
  );

before(async () => {
  clips = await createClipFolder();
  served = await openServedBox(() => clips.halves(20), { env: SUPERVISED });
  ({ folder, server, box, run } = served);
  await until('the camera is seen', isOnline, 60_000);
});
after(async () => {
  await served?.stop();
  await clips?.remove();
});

test('a picture of a camera comes by HTTPS, and the command is done', async () => {
  const path = join(folder, 'gate.jpg');
  const { status, out, error } = await run('device', 'snapshot', 'box-1', '--camera', 'gate', '--out', path);
  assert.equal(status, 0, error);
  const picture = await readFile(path);
  assert.deepEqual([...picture.subarray(0, 3)], [0xff, 0xd8, 0xff]);
  assert.match(out, new RegExp(`${picture.length} bytes of camera gate`));
});

test('a camera the box does not have fails with the code of the box, and fleetctl with 1', async () => {
  const { status, command } = await send('snapshot', '--arg', 'camera=door');
  assert.deepEqual([status, command.state, command.code], [1, 'failed', 'CAMERA_UNKNOWN']);
  const { status: failed, error } = await run(
    'device',
    'snapshot',
    'box-1',
    '--camera',
    'door',
    '--out',
    'x',
  );
  assert.equal(failed, 1);
  assert.match(error, /no camera "door".*but gate.*COMMAND_FAILED/);
});

test('the model goes through its self-test, and its pace is measured', async () => {
  const tested = await send('selftest');
  assert.deepEqual([tested.status, tested.command.state], [0, 'done'], JSON.stringify(tested.command));
  const { trials = [], chosen } = tested.command.result as {
    trials?: { outcome: string }[];
    chosen?: object;
  };
  assert.ok(trials.some(({ outcome }) => outcome === 'passed') && chosen !== undefined);
  const { command } = await send('benchmark');
  const { framesPerSec, neededPerSec, threads } = command.result ?? {};
  assert.ok(Number(framesPerSec) > 0 && neededPerSec === 5 && Number(threads) >= 1, JSON.stringify(command));
  const shown = await run('device', 'cmd', 'box-1', 'selftest', '--wait');
  assert.match(shown.out, /self-test: .* chosen.*\n(.*\n)*VARIANT +THREADS/);
});

test('a camera is stopped and opened anew, and its pictures go on', async () => {
  const before = box.ffmpegPids();
  const { command } = await send('restart-camera', '--arg', 'camera=gate');
  assert.deepEqual([command.state, command.result?.condition], ['done', 'online'], JSON.stringify(command));
  assert.ok(box.ffmpegPids().every((pid) => !before.includes(pid)));
  assert.equal((await send('snapshot', '--arg', 'camera=gate')).status, 0);
});

test('another log level counts for a while, and the log is fetched without what opens anything', async () => {
  const { command } = await send('loglevel', '--arg', 'level=debug', '--arg', 'minutes=5');
  assert.equal(command.result?.level, 'debug');
  const { out, status } = await run('device', 'logs', 'box-1', '--lines', '5', '--json');
  assert.equal(status, 0);
  const { lines } = JSON.parse(out) as { lines: { msg: string }[] };
  assert.ok(lines.length === 5 && lines.some(({ msg }) => msg === 'command taken'), out);
});

test('diagnostics hold the report of doctor, the log, the settings and the records, and no key', async () => {
  const path = join(folder, 'diagnostics.json.gz');
  const { command, status } = await send('diagnostics', '--out', path);
  assert.equal(status, 0, JSON.stringify(command));
  const text = gunzipSync(await readFile(path)).toString();
  const bundle = JSON.parse(text);
  assert.ok(bundle.doctor.checks.length > 10);
  assert.ok(bundle.log.length > 3);
  assert.equal(bundle.settings.cameras[0].id, 'gate');
  assert.ok(
    'slots.json' in bundle.records && 'command-mark.json' in bundle.records,
    Object.keys(bundle.records).join(),
  );
  assert.equal(bundle.about.deviceId, 'box-1');
  const secret = (await readFile(join(box.dataDir, 'identity', 'secret'), 'utf8')).trim();
  assert.ok(!text.includes(secret) && !text.includes('PRIVATE KEY'));
  assert.equal((await readFile(path)).length, command.file?.sizeBytes);
});

test('an agent that is told to restart replies first, and comes back', async () => {
  const lives = box.lives();
  const { command, status } = await send('restart-agent');
  assert.deepEqual([status, command.state], [0, 'done'], JSON.stringify(command));
  await until('another agent runs', () => box.lives() > lives, 30_000);
  const after = await send('snapshot', '--arg', 'camera=gate', '--expires-sec', '120');
  assert.notEqual(after.command.state, 'expired', 'whether its camera is back already or not');
});

test('a box that is away gets what waits for it when it comes back, and not what is over by then', async () => {
  await box.stop();
  await until('it is away', async () => (await server.device('box-1')).connection !== 'ready');
  const wait = ['device', 'cmd', 'box-1', 'loglevel', '--arg', 'level=info', '--arg', 'minutes=1', '--json'];
  const late = JSON.parse((await run(...wait, '--expires-sec', '5')).out) as CommandView;
  const early = JSON.parse((await run(...wait, '--expires-sec', '600')).out) as CommandView;
  assert.deepEqual([late.state, early.state], ['pending', 'pending']);
  const listed = async (id: string): Promise<CommandView | undefined> =>
    JSON.parse((await run('device', 'commands', 'box-1', '--json')).out).commands.find(
      (command: CommandView) => command.id === id,
    );
  await until('the first is over', async () => (await listed(late.id))?.state === 'expired', 30_000);
  await box.start({ env: SUPERVISED });
  await until('the second is done', async () => (await listed(early.id))?.state === 'done', 60_000);
  const { sentAtMs, code } = (await listed(late.id)) ?? {};
  assert.deepEqual([sentAtMs, code], [undefined, 'COMMAND_EXPIRED']);
  assert.ok(
    !box
      .life()
      .lines()
      .some(({ id }) => id === late.id),
    'the box never heard of it',
  );
});

test('a server that is killed forgets no command that waits', async () => {
  await box.stop();
  const wait = ['loglevel', '--arg', 'level=info', '--arg', 'minutes=1', '--expires-sec', '600', '--json'];
  const { id } = JSON.parse((await run('device', 'cmd', 'box-1', ...wait)).out) as CommandView;
  await server.kill();
  await server.start();
  await box.start({ env: SUPERVISED });
  const find = async (): Promise<CommandView | undefined> =>
    JSON.parse((await run('device', 'commands', 'box-1', '--json')).out).commands.find(
      (command: CommandView) => command.id === id,
    );
  await until('it is done', async () => (await find())?.state === 'done', 60_000);
});

test('who asked for what, and what came of it, is in the audit log', async () => {
  const { out } = await run('audit', 'list', '--limit', '500', '--json');
  const { entries } = JSON.parse(out) as {
    entries: {
      action: string;
      actor: { kind: string; id: string };
      details: { name?: string; state?: string };
    }[];
  };
  const ordered = entries.filter(({ action }) => action === 'command.ordered');
  const ended = entries.filter(({ action }) => action === 'command.ended');
  assert.ok(ordered.some(({ actor, details }) => actor.id === 'admin' && details.name === 'restart-agent'));
  assert.ok(ended.some(({ actor, details }) => actor.id === 'box-1' && details.name === 'restart-agent'));
  assert.ok(ended.some(({ actor, details }) => actor.kind === 'system' && details.state === 'expired'));
});
