import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { COMMANDS } from '../../fleet-server/src/cli/commands.ts';
import { sha256Hex } from '../../shared/src/kernel/digest.ts';
import { startBreakingProxy } from '../support/breaking-proxy.ts';
import { type FleetctlAccess, fleetctl } from '../support/fleetctl.ts';
import { makeManifest } from '../support/http-data.ts';
import { createHttpWorld, type HttpWorld, MAX_ARTIFACT_BYTES } from '../support/http-world.ts';
import { ROOT } from '../support/imports.ts';

const MODEL = Buffer.alloc(40_000, 'model');
let world: HttpWorld;
let folder = '';
let env: FleetctlAccess;
before(async () => {
  world = await createHttpWorld();
  folder = world.folder;
  env = await world.listen();
});
after(() => world.close());
const run = (...args: readonly string[]) => fleetctl(args, env);

/** A bundle folder. */
async function makeBundle(name: string, model: Buffer): Promise<string> {
  const bundle = join(folder, name);
  await mkdir(bundle);
  await writeFile(join(bundle, 'model.onnx'), model);
  await writeFile(join(bundle, 'manifest.json'), JSON.stringify(makeManifest(model, { model: name })));
  return bundle;
}

test('a bundle is pushed, listed and deployed', async () => {
  const bundle = await makeBundle('pets', MODEL);
  const pushed = await run('bundle', 'push', bundle, '--json');
  assert.equal(pushed.status, 0, pushed.error);
  assert.deepEqual(pushed.progress, ['model.onnx: sent, 0.0 MB']);
  assert.equal(await world.blobs.size(sha256Hex(MODEL)), MODEL.length);
  const { digest } = JSON.parse(pushed.out);
  assert.match((await run('bundle', 'list')).out, new RegExp(`pets@1\\.0\\.0 +draft .*${digest}`));
  const deployed = await run('device', 'deploy', 'box-1', '--bundle', digest);
  assert.match(deployed.out, /deployment-1 .* pending/);
});

test('a file that is there already is not sent again', async () => {
  const bundle = await makeBundle('twins', Buffer.alloc(10, 'twin'));
  await run('bundle', 'push', bundle);
  const { status, progress } = await run('bundle', 'push', bundle);
  assert.equal(status, 0);
  assert.deepEqual(progress, ['model.onnx: there already']);
});

test('devices are listed and shown', async () => {
  assert.match((await run('device', 'list')).out, /^DEVICE.*\nbox-1 +ready/);
  assert.equal(JSON.parse((await run('device', 'show', 'box-1', '--json')).out).id, 'box-1');
});

test('a token is made', async () => {
  assert.equal((await run('token', 'create', '--ttl-minutes', '5')).out, 'a-token-of-the-fake');
});

test('errors of the server keep their code, message and remedy', async () => {
  const { status, error } = await run('device', 'show', 'box-9', '--json');
  assert.equal(status, 1);
  const { code, message, remedy } = JSON.parse(error);
  assert.equal(code, 'NOT_FOUND');
  assert.match(message, /box-9/);
  assert.equal(remedy, 'Check the id.');
  assert.match((await run('device', 'deploy', 'box-9', '--bundle', 'a'.repeat(64))).error, /box-9/);
  assert.match((await run('token', 'create', '--ttl-minutes', '0')).error, /REQUEST_INVALID/);
});

test('a bundle whose files are not those of its manifest, and one that is too long, are refused', async () => {
  const broken = await makeBundle('broken', MODEL);
  await writeFile(join(broken, 'model.onnx'), 'another model');
  assert.match((await run('bundle', 'push', broken)).error, /model\.onnx.*\[DIGEST_MISMATCH\]/);
  await rm(join(broken, 'model.onnx'));
  assert.match((await run('bundle', 'push', broken)).error, /model\.onnx.*\[BUNDLE_INCOMPLETE\]/);
  await writeFile(join(broken, 'manifest.json'), '{');
  assert.match((await run('bundle', 'push', broken)).error, /MESSAGE_INVALID/);
  await rm(join(broken, 'manifest.json'));
  assert.match((await run('bundle', 'push', broken)).error, /FILE_UNREADABLE/);
  const long = await makeBundle('long', Buffer.alloc(MAX_ARTIFACT_BYTES + 1));
  const { error } = await run('bundle', 'push', long);
  assert.match(error, /BODY_TOO_LARGE|SERVER_UNREACHABLE/);
});

test('a wrong password, a missing one and none at all are told apart', async () => {
  const wrong = join(folder, 'wrong');
  await writeFile(wrong, 'wrong password');
  assert.match((await run('device', 'list', '--password-file', wrong)).error, /LOGIN_FAILED/);
  assert.match((await run('device', 'list', '--password-file', join(folder, 'no'))).error, /FILE_UNREADABLE/);
  const none = await fleetctl(['device', 'list'], { WATCHPOST_SERVER: env.WATCHPOST_SERVER });
  assert.equal(none.status, 2);
  assert.match(none.error, /WATCHPOST_PASSWORD_FILE/);
});

test('a server that is not there, is no server, or is another program is named', async () => {
  const other = createServer((_request, response) => void response.writeHead(404).end('<h1>hello</h1>'));
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  assert.match((await run('device', 'list', '--server', url)).error, /something else \[SERVER_UNREACHABLE\]/);
  other.close();
  other.closeAllConnections();
  const gone = await run('device', 'list', '--server', url);
  assert.equal(gone.status, 1);
  assert.match(gone.error, /no answer \[SERVER_UNREACHABLE\]/);
  assert.equal((await run('device', 'list', '--server', 'box')).status, 2);
});

test('an answer that breaks off is told with its code, also to a program', async (t) => {
  const proxy = await startBreakingProxy(env.WATCHPOST_SERVER);
  t.after(() => proxy.close());
  proxy.break(/^devices$/);
  const { status, out, error } = await run('device', 'list', '--json', '--server', proxy.url);
  assert.deepEqual([status, out, proxy.remaining()], [1, '', 0]);
  const { code, message } = JSON.parse(error);
  assert.equal(code, 'SERVER_UNREACHABLE');
  assert.match(message, /GET .*\/devices .*broke off/);
});

for (const [args, named] of [
  [[], 'a command is missing'],
  [['device'], 'device'],
  [['device', 'dance'], 'device dance'],
  [['device', 'list', '--colour'], '--colour'],
  [['device', 'show'], 'ID'],
  [['device', 'list', 'more'], 'more'],
  [['device', 'deploy', 'box-1'], '--bundle'],
  [['token', 'create', '--ttl-minutes', 'x'], '--ttl-minutes'],
  [['keys', 'new'], '--out'],
] as const)
  test(`wrong usage is status 2 and names it: fleetctl ${args.join(' ')}`, async () => {
    const { status, error } = await run(...args);
    assert.equal(status, 2);
    assert.ok(error.includes(named) && error.includes('[USAGE]'), error);
  });

test('every command has its help', async () => {
  const { out } = await run('--help');
  const names = [...out.matchAll(/^ {2}([a-z-]+(?: [a-z-]+)*) {2}/gm)].map((match) => match[1] ?? '');
  assert.deepEqual(names, Object.keys(COMMANDS));
  for (const name of names) {
    const help = await run(...name.split(' '), '--help');
    assert.equal(help.status, 0);
    assert.match(help.out, new RegExp(`^fleetctl ${name}.*\\[options\\]\n`));
  }
});

test('the program itself writes results to stdout, errors to stderr, and sets its status', async () => {
  const program = join(ROOT, 'fleet-server/src/cli/fleetctl.ts');
  const execute = promisify(execFile);
  const listed = await execute(process.execPath, [program, 'device', 'list'], {
    env: { ...process.env, ...env },
  });
  assert.match(listed.stdout, /box-1/);
  await assert.rejects(execute(process.execPath, [program, 'nothing']), { code: 2, stdout: '' });
});
