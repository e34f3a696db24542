import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fleetctl } from '../support/fleetctl.ts';
import { createHttpWorld, type HttpWorld, PASSWORD } from '../support/http-world.ts';

let world: HttpWorld;
let folder = '';
let server = '';
before(async () => {
  world = await createHttpWorld();
  folder = await mkdtemp(join(tmpdir(), 'watchpost-people-'));
  server = await world.app.listen({ host: '127.0.0.1', port: 0 });
  await secret('admin', PASSWORD);
  await secret('vera', 'a password of vera');
  await secret('vera-2', 'another password of vera');
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

const file = (name: string): string => join(folder, name);
const secret = (name: string, text: string) => writeFile(file(name), `${text}\n`);
const asAdmin = (...args: readonly string[]) =>
  fleetctl(args, { WATCHPOST_SERVER: server, WATCHPOST_PASSWORD_FILE: file('admin') });
const asVera = (passwordFile: string, ...args: readonly string[]) =>
  fleetctl([...args, '--user', 'vera', '--password-file', file(passwordFile)], { WATCHPOST_SERVER: server });

test('a person is added, logs in with the roles given, is disabled and is out', async () => {
  const added = await asAdmin('user', 'add', 'vera', '--role', 'viewer', '--new-password-file', file('vera'));
  assert.equal(added.status, 0, added.error);
  assert.equal((await asVera('vera', 'device', 'list')).status, 0);
  assert.match((await asVera('vera', 'token', 'create')).error, /operator.*\[FORBIDDEN\]/);
  const set = await asAdmin('user', 'set', 'vera', '--role', 'operator', '--role', 'qa');
  assert.equal(set.out, 'user vera is operator, qa, enabled');
  assert.equal((await asVera('vera', 'token', 'create')).status, 0);
  assert.match((await asAdmin('user', 'list')).out, /vera +operator, qa +enabled/);
  assert.equal((await asAdmin('user', 'set', 'vera', '--disable')).status, 0);
  assert.match((await asVera('vera', 'device', 'list')).error, /LOGIN_FAILED/);
  assert.equal((await asAdmin('user', 'set', 'vera', '--enable')).status, 0);
});

test('a person sets the own password with the old one', async () => {
  const set = (...more: readonly string[]) =>
    asVera('vera', 'user', 'password', 'vera', '--new-password-file', file('vera-2'), ...more);
  assert.match((await set()).error, /oldPassword.*\[REQUEST_INVALID\]/);
  const refused = async (): Promise<number> =>
    (await asAdmin('audit', 'list', '--limit', '500')).out.match(/session\.refused/g)?.length ?? 0;
  const before = await refused();
  assert.equal((await set('--old-password-file', file('vera'))).status, 0);
  // The change ends the session it was made in; nobody logs in again for that, with a password that is wrong by now.
  assert.equal(await refused(), before);
  assert.match((await asVera('vera', 'device', 'list')).error, /LOGIN_FAILED/);
  assert.equal((await asVera('vera-2', 'device', 'list')).status, 0);
});

test('a program uses a token until it is revoked', async () => {
  const path = file('token');
  const made = await asAdmin('api-token', 'create', '--role', 'viewer', '--for', 'a script', '--out', path);
  assert.equal(made.status, 0, made.error);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.match(await readFile(path, 'utf8'), /^wp_[\w-]{43}\n$/);
  const env = { WATCHPOST_SERVER: server, WATCHPOST_TOKEN_FILE: path };
  assert.match((await fleetctl(['device', 'list'], env)).out, /box-1/);
  assert.match((await fleetctl(['user', 'list'], env)).error, /admin.*\[FORBIDDEN\]/);
  const listed = JSON.parse((await asAdmin('api-token', 'list', '--json')).out);
  assert.equal(listed.tokens[0].description, 'a script');
  assert.equal((await asAdmin('api-token', 'revoke', listed.tokens[0].id)).status, 0);
  assert.match((await fleetctl(['device', 'list'], env)).error, /LOGIN_REQUIRED/);
});

test('the log of a server and its export are sound, and a change is found where it was made', async () => {
  assert.match((await asAdmin('audit', 'list', '--limit', '500')).out, /user admin +user\.added +vera/);
  const verified = await asAdmin('audit', 'verify');
  const [, mark = ''] = /last is (\d+:[0-9a-f]{64})$/.exec(verified.out) ?? [];
  assert.notEqual(mark, '', verified.error);
  const path = file('audit.jsonl');
  assert.equal((await asAdmin('audit', 'export', '--out', path)).status, 0);
  const offline = (...more: readonly string[]) => fleetctl(['audit', 'verify', '--file', path, ...more]);
  assert.equal((await offline('--contains', mark)).status, 0);

  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const marked = Number(mark.split(':')[0]);
  await writeFile(path, lines.slice(0, marked - 1).join('\n'));
  assert.equal((await offline()).status, 0, 'the chain alone cannot tell that its end is missing');
  assert.match(
    (await offline('--contains', mark)).error,
    new RegExp(`entry ${marked}: .*\\[AUDIT_BROKEN\\]`),
  );

  const added = lines.findIndex((line) => line.includes('user.added'));
  await writeFile(path, lines.map((line) => line.replace('"viewer"', '"admin"')).join('\n'));
  const broken = await offline();
  assert.equal(broken.status, 1);
  assert.match(broken.error, new RegExp(`entry ${added + 1}: .*content.*\\[AUDIT_BROKEN\\]`));
  await writeFile(path, `${lines[0]}\nnot an entry\n`);
  assert.match((await offline()).error, /line 2: not JSON/);
});

test('the export of the API is what fleetctl writes', async () => {
  const path = file('audit-2.jsonl');
  await asAdmin('audit', 'export', '--out', path);
  const written = await readFile(path, 'utf8');
  const reply = await world.app.inject({
    url: '/api/v1/audit/export',
    headers: { cookie: await world.login() },
  });
  assert.ok(reply.body.startsWith(written));
});

for (const [args, named] of [
  [['user', 'add', 'olga', '--new-password-file', 'x'], '--role'],
  [['user', 'add', 'olga', '--role', 'king', '--new-password-file', 'x'], 'king'],
  [['user', 'set', 'vera'], '--disable'],
  [['user', 'set', 'vera', '--disable', '--enable'], 'contradict'],
  [['api-token', 'create', '--role', 'viewer'], '--for'],
  [['audit', 'verify', '--contains', '5'], '--contains'],
  [['device', 'list', '--token-file', 'x', '--password-file', 'y'], 'give one'],
] as const)
  test(`wrong usage is status 2 and names it: fleetctl ${args.join(' ')}`, async () => {
    const { status, error } = await asAdmin(...args);
    assert.equal(status, 2);
    assert.ok(error.includes(named) && error.includes('[USAGE]'), error);
  });
