import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { makeDevice } from '../support/http-data.ts';
import { createHttpWorld, type HttpWorld, PASSWORD } from '../support/http-world.ts';

const DAY_MS = 24 * 3600 * 1000;
const NEW_PASSWORD = 'a password nobody guesses';
const ENROLMENT = {
  ...{ deviceId: 'box-2', csr: 'PEM', secretSha256: '0'.repeat(64), proof: 'signature' },
  ...{ agentVersion: '0.1.0', hardware: makeDevice('x').birth?.hardware },
};
let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.close());

interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly payload?: object;
  readonly cookie?: string;
  readonly token?: string;
  readonly address?: string;
}

const call = (path: string, { method = 'GET', payload, cookie, token, address }: Call = {}) =>
  world.app.inject({
    method,
    url: `/api/v1/${path}`,
    headers: { ...(cookie && { cookie }), ...(token && { authorization: `Bearer ${token}` }) },
    ...(payload && { payload }),
    ...(address && { remoteAddress: address }),
  });
const logIn = (user: string, password = PASSWORD, more: Call = {}) =>
  call('session', { method: 'POST', payload: { user, password }, ...more });
const makeToken = async (cookie: string, payload: object) =>
  (await call('api-tokens', { method: 'POST', cookie, payload: { description: 'test', ...payload } })).json();
const codeOf = async (reply: ReturnType<typeof call>): Promise<string> => (await reply).json().code;

test('a user is added, changed and listed, without the password', async () => {
  const cookie = await world.login();
  const user = { name: 'vera', password: NEW_PASSWORD, roles: ['qa'] };
  const added = await call('users', { method: 'POST', cookie, payload: user });
  assert.equal(added.statusCode, 201);
  const view = { name: 'vera', roles: ['qa'], disabled: false, createdAtMs: world.clock.nowMs };
  assert.deepEqual(added.json(), view);
  assert.equal(await codeOf(call('users', { method: 'POST', cookie, payload: user })), 'USER_EXISTS');
  assert.equal((await logIn('vera', NEW_PASSWORD)).statusCode, 200);
  const change = { method: 'PATCH', cookie, payload: { roles: ['operator'] } } as const;
  assert.deepEqual((await call('users/vera', change)).json().roles, ['operator']);
  assert.equal((await call('users', { cookie })).json().users.length, 2);
  assert.equal(await codeOf(call('users/nobody', change)), 'NOT_FOUND');
});

for (const [what, payload] of [
  ['a short password', { name: 'vera', password: 'short', roles: ['qa'] }],
  ['no role', { name: 'vera', password: NEW_PASSWORD, roles: [] }],
  ['an unknown role', { name: 'vera', password: NEW_PASSWORD, roles: ['king'] }],
  ['a name of other characters', { name: 'Vera<b>', password: NEW_PASSWORD, roles: ['qa'] }],
  ['more than is asked', { name: 'vera', password: NEW_PASSWORD, roles: ['qa'], disabled: false }],
] as const)
  test(`a user with ${what} is refused`, async () => {
    const cookie = await world.login();
    assert.equal(await codeOf(call('users', { method: 'POST', cookie, payload })), 'REQUEST_INVALID');
  });

test('a user who is disabled loses access at once, by session and by token', async () => {
  const admin = await world.login();
  await world.addUser('vera', ['operator']);
  const cookie = await world.login('vera');
  const { token } = await makeToken(admin, { role: 'operator', user: 'vera' });
  assert.equal((await call('devices', { cookie })).statusCode, 200);
  assert.equal((await call('devices', { token })).statusCode, 200);
  await call('users/vera', { method: 'PATCH', cookie: admin, payload: { disabled: true } });
  assert.equal(await codeOf(call('devices', { cookie })), 'LOGIN_REQUIRED');
  assert.equal(await codeOf(call('devices', { token })), 'LOGIN_REQUIRED');
  assert.equal(await codeOf(logIn('vera')), 'LOGIN_FAILED');
  await call('users/vera', { method: 'PATCH', cookie: admin, payload: { disabled: false } });
  assert.equal(await codeOf(call('devices', { cookie })), 'LOGIN_REQUIRED');
  assert.equal((await logIn('vera')).statusCode, 200);
});

test('the live page of a user who is disabled is cut off at once', async () => {
  await world.addUser('vera', ['viewer']);
  const url = await world.app.listen({ host: '127.0.0.1', port: 0 });
  const headers = { cookie: await world.login('vera') };
  const [stream]: IncomingMessage[] = await once(get(`${url}/api/v1/live`, { headers }), 'response');
  assert.ok(stream);
  stream.on('error', () => undefined).resume();
  const closed = new Promise((resolve) => stream.once('close', resolve));
  await call('users/vera', { method: 'PATCH', cookie: await world.login(), payload: { disabled: true } });
  await closed;
});

test('a role taken away is gone at once', async () => {
  await world.addUser('vera', ['admin']);
  const cookie = await world.login('vera');
  const { token } = await makeToken(cookie, { role: 'admin' });
  const change = { method: 'PATCH', cookie: await world.login(), payload: { roles: ['viewer'] } } as const;
  await call('users/vera', change);
  for (const credential of [{ cookie }, { token }]) {
    assert.equal(await codeOf(call('users', credential)), 'FORBIDDEN');
    assert.equal((await call('devices', credential)).statusCode, 200);
  }
});

test('the last admin can neither be disabled nor lose the role', async () => {
  const cookie = await world.login();
  for (const payload of [{ disabled: true }, { roles: ['qa'] }])
    assert.equal(await codeOf(call('users/admin', { method: 'PATCH', cookie, payload })), 'LAST_ADMIN');
  assert.equal((await call('users', { cookie })).statusCode, 200);
});

test('a new password ends every session and token, and needs the old one, or an admin for another user', async () => {
  const admin = await world.login();
  await world.addUser('vera', ['operator']);
  const cookie = await world.login('vera');
  const { token } = await makeToken(admin, { role: 'viewer', user: 'vera' });
  const setPassword = (name: string, by: string, payload: object) =>
    call(`users/${name}/password`, { method: 'POST', cookie: by, payload });
  const password = NEW_PASSWORD;
  assert.equal(await codeOf(setPassword('admin', cookie, { password, oldPassword: PASSWORD })), 'FORBIDDEN');
  assert.equal(await codeOf(setPassword('vera', cookie, { password })), 'REQUEST_INVALID');
  assert.equal(await codeOf(setPassword('vera', cookie, { password, oldPassword: 'no' })), 'LOGIN_FAILED');
  assert.equal(await codeOf(setPassword('admin', admin, { password })), 'REQUEST_INVALID');
  assert.equal((await setPassword('vera', cookie, { password, oldPassword: PASSWORD })).statusCode, 204);
  assert.equal(await codeOf(call('devices', { cookie })), 'LOGIN_REQUIRED');
  assert.equal(await codeOf(call('devices', { token })), 'LOGIN_REQUIRED');
  assert.equal((await logIn('vera', password)).statusCode, 200);
  assert.equal((await setPassword('vera', admin, { password: PASSWORD })).statusCode, 204);
  assert.equal((await logIn('vera')).statusCode, 200);
});

test('a token does what its role allows, notes its last use, and ends', async () => {
  const cookie = await world.login();
  const { token, info } = await makeToken(cookie, { role: 'qa', ttlDays: 2 });
  assert.match(token, /^wp_[\w-]{43}$/);
  assert.equal(info.expiresAtMs, world.clock.nowMs + 2 * DAY_MS);
  assert.deepEqual((await call('session', { token })).json().roles, ['viewer', 'qa']);
  assert.equal((await call('audit', { token })).statusCode, 200);
  const order = { method: 'POST', token, payload: {} } as const;
  assert.equal(await codeOf(call('enrolment-tokens', order)), 'FORBIDDEN');
  const listed = (await call('api-tokens', { cookie })).json();
  assert.equal(listed.tokens[0].lastUsedAtMs, world.clock.nowMs);
  assert.ok(!JSON.stringify(listed).includes(token.slice(3)));
  world.clock.nowMs += 2 * DAY_MS;
  assert.equal(await codeOf(call('devices', { token })), 'LOGIN_REQUIRED');
});

test('a token needs no page of ours, for no foreign page can send it', async () => {
  const { token } = await makeToken(await world.login(), { role: 'operator' });
  const reply = await world.app.inject({
    method: 'POST',
    url: '/api/v1/enrolment-tokens',
    headers: { authorization: `Bearer ${token}`, origin: 'https://ci.example' },
    payload: {},
  });
  assert.equal(reply.statusCode, 201);
});

test('a token that is revoked is worth nothing; one above its user is not made', async () => {
  const cookie = await world.login();
  await world.addUser('vera', ['operator', 'qa']);
  const { token, info } = await makeToken(cookie, { role: 'viewer', user: 'vera' });
  assert.equal((await call(`api-tokens/${info.id}`, { method: 'DELETE', cookie })).statusCode, 204);
  assert.equal(await codeOf(call(`api-tokens/${info.id}`, { method: 'DELETE', cookie })), 'NOT_FOUND');
  assert.equal(await codeOf(call('devices', { token })), 'LOGIN_REQUIRED');
  assert.equal((await makeToken(cookie, { role: 'admin', user: 'vera' })).code, 'FORBIDDEN');
  assert.equal((await makeToken(cookie, { role: 'viewer', user: 'nobody' })).code, 'NOT_FOUND');
});

test('a login never takes over the session it came with, and ends it', async () => {
  const planted = 'watchpost_session=chosen-by-an-attacker';
  const reply = await logIn('admin', PASSWORD, { cookie: planted });
  assert.notEqual(reply.cookies[0]?.value, 'chosen-by-an-attacker');
  assert.equal(await codeOf(call('devices', { cookie: planted })), 'LOGIN_REQUIRED');
  const before = await world.login();
  const after = (await logIn('admin', PASSWORD, { cookie: before })).cookies[0]?.value;
  assert.equal(await codeOf(call('devices', { cookie: before })), 'LOGIN_REQUIRED');
  assert.equal((await call('devices', { cookie: `watchpost_session=${after}` })).statusCode, 200);
});

test('guessing at one user from many places is slowed down, but not for a place the user came from', async () => {
  await world.addUser('vera', ['viewer']);
  assert.equal((await logIn('vera', PASSWORD, { address: '10.0.0.1' })).statusCode, 200);
  const guess = (index: number) => logIn('vera', 'wrong', { address: `192.0.2.${index}` });
  const replies = await Promise.all(Array.from({ length: 40 }, (_, index) => guess(index)));
  assert.equal(replies.filter(({ statusCode }) => statusCode === 401).length, 20);
  assert.equal((await logIn('vera', PASSWORD, { address: '192.0.2.99' })).statusCode, 429);
  assert.equal((await logIn('vera', PASSWORD, { address: '10.0.0.1' })).statusCode, 200);
});

test('guessing at many users from one place is slowed down, and an own account does not help', async () => {
  const statuses: number[] = [];
  for (let index = 0; index < 30; index += 1) {
    if (index % 3 === 2) await logIn('admin');
    statuses.push((await logIn(`user-${index}`, 'wrong')).statusCode);
  }
  assert.deepEqual(statuses.slice(0, 20), Array(20).fill(401));
  assert.deepEqual(statuses.slice(20), Array(10).fill(429));
  assert.equal((await logIn('admin')).statusCode, 200, 'who came from here before is not held up');
});

test('addresses of one IPv6 network are one place', async () => {
  const guess = (index: number) =>
    logIn('admin', 'wrong', { address: `2001:db8:1:2::${index.toString(16)}` });
  for (let index = 0; index < 5; index += 1) await guess(index);
  assert.equal((await guess(99)).statusCode, 429);
  assert.equal((await logIn('admin', PASSWORD, { address: '2001:db8:1:3::1' })).statusCode, 200);
});

test('guessing tokens is slowed down, those of programs and those of boxes', async () => {
  for (let index = 0; index < 20; index += 1)
    assert.equal((await call('devices', { token: `wp_${index}` })).statusCode, 401);
  assert.equal(await codeOf(call('devices', { token: 'wp_x' })), 'LOGIN_RATE');
  assert.equal((await call('devices', { token: 'wp_x', address: '10.0.0.2' })).statusCode, 401);
});

test('a good token of a program or a box passes at any time, whatever others of its address show', async () => {
  const { token } = await makeToken(await world.login(), { role: 'viewer' });
  const enrol = (enrolmentToken: string) =>
    call('enrol', { method: 'POST', payload: { ...ENROLMENT, token: enrolmentToken } });
  for (let index = 0; index < 10; index += 1) {
    assert.equal((await call('devices', { token: `wp_${index}` })).statusCode, 401);
    assert.equal(await codeOf(enrol(`not-a-token-${index}-at-all`)), 'TOKEN_INVALID');
  }
  for (const round of ['first', 'second']) {
    assert.equal(await codeOf(call('devices', { token: 'wp_x' })), 'LOGIN_RATE', round);
    assert.equal(await codeOf(enrol('not-a-token-at-all')), 'LOGIN_RATE', round);
    assert.equal((await call('devices', { token })).statusCode, 200, round);
    assert.equal((await enrol('a-token-of-the-fake')).statusCode, 200, round);
  }
});

test('what people do is on record, without a secret', async () => {
  const cookie = await world.login();
  await logIn('admin', 'a wrong password');
  await logIn('a password in the wrong field', 'x');
  await call('users', {
    method: 'POST',
    cookie,
    payload: { name: 'vera', password: NEW_PASSWORD, roles: ['qa'] },
  });
  await call('users/vera', { method: 'PATCH', cookie, payload: { disabled: true } });
  await call('users/vera/password', { method: 'POST', cookie, payload: { password: PASSWORD } });
  const { token, info } = await makeToken(cookie, { role: 'viewer' });
  await call(`api-tokens/${info.id}`, { method: 'DELETE', cookie });
  await call('enrolment-tokens', { method: 'POST', cookie, payload: {} });
  const bundleDigest = 'a'.repeat(64);
  await call('devices/box-1/deployments', { method: 'POST', cookie, payload: { bundleDigest } });
  const { entries } = (await call('audit', { cookie })).json();
  await call('session', { method: 'DELETE', cookie });
  const last = (await world.audit.list({ afterSeq: entries.length, limit: 9 })).map(({ action }) => action);
  assert.deepEqual(last, ['session.closed']);
  assert.deepEqual(
    entries.map(({ actor, action, subject }: Record<string, { id: string }>) => [actor?.id, action, subject]),
    [
      ['admin', 'session.opened', 'admin'],
      ['http', 'session.refused', 'admin'],
      ['http', 'session.refused', '(unknown user)'],
      ['admin', 'user.added', 'vera'],
      ['admin', 'user.changed', 'vera'],
      ['admin', 'user.password_changed', 'vera'],
      ['admin', 'api_token.created', info.id],
      ['admin', 'api_token.revoked', info.id],
      ['admin', 'enrolment_token.created', entries[8].subject],
      ['admin', 'deployment.ordered', 'box-1'],
    ],
  );
  const text = JSON.stringify(entries);
  for (const secret of [PASSWORD, NEW_PASSWORD, token, 'wrong', 'a-token-of-the-fake', 'argon2'])
    assert.ok(!text.includes(secret), secret);
  assert.equal((await world.audit.verify()).kind, 'sound');
});

test('the record is paged', async () => {
  const cookie = await world.login();
  await world.login();
  const first = (await call('audit?limit=1', { cookie })).json();
  assert.deepEqual([first.entries.length, first.next], [1, 1]);
  const second = (await call(`audit?limit=1&after=${first.next}`, { cookie })).json();
  assert.deepEqual([second.entries[0].seq, second.next], [2, undefined]);
});

test('a database from before there were roles keeps its admin', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchpost-before-roles-'));
  const path = join(folder, 'fleet.sqlite');
  await (await openSqliteStore(path)).close();
  const raw = new Database(path);
  for (const table of ['api_tokens', 'audit_entries']) raw.exec(`drop table ${table}`);
  for (const column of ['roles', 'disabled', 'created_at_ms'])
    raw.exec(`alter table users drop column ${column}`);
  raw.exec(`delete from schema_versions where version = 2`);
  raw.exec(`insert into users (name, password_hash) values ('admin', 'one')`);
  raw.close();
  const store = await openSqliteStore(path);
  const admin = await store.accounts.findUser('admin');
  assert.deepEqual([admin?.passwordHash, admin?.roles, admin?.isDisabled], ['one', ['admin'], false]);
  await store.close();
  rmSync(folder, { recursive: true });
});
