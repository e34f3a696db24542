import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { createAccounts } from '../../fleet-server/src/accounts/accounts.ts';
import { hashPassword, isPassword } from '../../fleet-server/src/accounts/argon2-password.ts';
import { ensureAdmin } from '../../fleet-server/src/accounts/first-admin.ts';
import type { AccountStore, Store } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { createHttpWorld, type HttpWorld, PASSWORD } from '../support/http-world.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.close());
const scratch = await mkdtemp(join(tmpdir(), 'watchpost-accounts-'));
after(() => rm(scratch, { recursive: true }));

const nowMs = () => 0;

/** A new database. */
async function openStore(): Promise<Store> {
  const store = await openSqliteStore(join(await mkdtemp(join(scratch, 'db-')), 'fleet.sqlite'));
  after(() => store.close());
  return store;
}

const logIn = (password = PASSWORD, headers: Record<string, string> = {}) =>
  world.app.inject({
    method: 'POST',
    url: '/api/v1/session',
    headers,
    payload: { user: 'admin', password },
  });
const getSession = (cookie?: string) =>
  world.app.inject({ url: '/api/v1/session', headers: cookie === undefined ? {} : { cookie } });

test('a login gives a cookie that scripts and foreign pages cannot use', async () => {
  const reply = await logIn();
  assert.equal(reply.statusCode, 200);
  assert.deepEqual(reply.json(), {
    user: 'admin',
    expiresAtMs: world.clock.nowMs + 12 * 3600 * 1000,
    roles: ['viewer', 'operator', 'qa', 'admin'],
  });
  const [cookie] = reply.cookies;
  assert.equal(cookie?.name, 'watchpost_session');
  assert.equal(cookie?.httpOnly, true);
  assert.equal(cookie?.sameSite, 'Strict');
  assert.equal(cookie?.path, '/');
});

test('the session tells its user, until it is over', async () => {
  const cookie = await world.login();
  assert.equal((await getSession(cookie)).json().user, 'admin');
  world.clock.nowMs += 12 * 3600 * 1000;
  assert.equal((await getSession(cookie)).json().code, 'LOGIN_REQUIRED');
});

test('after a logout the cookie is worth nothing', async () => {
  const cookie = await world.login();
  const reply = await world.app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { cookie } });
  assert.equal(reply.statusCode, 204);
  assert.equal((await getSession(cookie)).statusCode, 401);
});

test('without a session, the reply has code, remedy and request id', async () => {
  const reply = await getSession();
  assert.equal(reply.statusCode, 401);
  const { code, message, remedy, requestId } = reply.json();
  assert.equal(code, 'LOGIN_REQUIRED');
  assert.ok(message.length > 0 && remedy.length > 0 && requestId.length > 0);
});

test('a wrong password and an unknown user get the same answer', async () => {
  const wrong = await logIn('wrong password');
  const unknown = await world.app.inject({
    method: 'POST',
    url: '/api/v1/session',
    payload: { user: 'nobody', password: PASSWORD },
  });
  assert.equal(wrong.statusCode, 401);
  assert.equal(wrong.json().code, 'LOGIN_FAILED');
  assert.equal(wrong.json().message, unknown.json().message);
});

test('guessing is slowed down, and a later login is taken', async () => {
  for (let count = 0; count < 5; count += 1) await logIn('wrong password');
  const reply = await logIn();
  assert.equal(reply.statusCode, 429);
  assert.equal(reply.json().code, 'LOGIN_RATE');
  assert.equal(reply.headers['retry-after'], '1');
  world.clock.nowMs += 1000;
  assert.equal((await logIn()).statusCode, 200);
});

test('a foreign page can neither log in nor change anything', async () => {
  assert.equal((await logIn(PASSWORD, { origin: 'https://evil.example' })).json().code, 'ORIGIN_FOREIGN');
  const cookie = await world.login();
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    const reply = await world.app.inject({
      method: 'POST',
      url: '/api/v1/enrolment-tokens',
      headers: { cookie, ...headers },
      payload: {},
    });
    assert.equal(reply.json().code, 'ORIGIN_FOREIGN');
  }
});

test('our own page may change things', async () => {
  const headers = { cookie: await world.login(), origin: 'http://localhost:80', host: 'localhost:80' };
  const request = { method: 'POST', url: '/api/v1/enrolment-tokens', payload: {} } as const;
  assert.equal((await world.app.inject({ ...request, headers })).statusCode, 403);
  const own = { ...headers, host: 'localhost' };
  assert.equal((await world.app.inject({ ...request, headers: own })).statusCode, 201);
  const byBrowser = { ...headers, 'sec-fetch-site': 'same-origin' };
  assert.equal((await world.app.inject({ ...request, headers: byBrowser })).statusCode, 201);
});

test('a password is stored as an Argon2id PHC string and recognised again', async () => {
  const hash = await hashPassword(PASSWORD);
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(await isPassword(PASSWORD, hash), true);
  assert.equal(await isPassword('other', hash), false);
  assert.equal(await isPassword(PASSWORD, 'not a hash'), false);
});

test('the first start makes a password only its owner can read; the next one keeps it', async () => {
  const { accounts: store, apiTokens } = await openStore();
  const dataDir = await mkdtemp(join(scratch, 'data-'));
  const made = await ensureAdmin({ store, dataDir, nowMs });
  assert.ok(made.kind === 'made');
  assert.equal((await stat(made.path)).mode & 0o777, 0o600);
  const password = (await readFile(made.path, 'utf8')).trim();
  const accounts = createAccounts({ store, apiTokens, nowMs });
  assert.equal((await accounts.login('admin', password)).session.user, 'admin');
  assert.deepEqual(await ensureAdmin({ store, dataDir, nowMs }), { kind: 'kept' });
});

test('the password of the file given wins over the stored one', async () => {
  const { accounts: store, apiTokens } = await openStore();
  const dataDir = await mkdtemp(join(scratch, 'data-'));
  await ensureAdmin({ store, dataDir, nowMs });
  const passwordFile = join(dataDir, 'given');
  await writeFile(passwordFile, 'another password\n');
  assert.equal((await ensureAdmin({ store, dataDir, passwordFile, nowMs })).kind, 'set');
  assert.equal((await ensureAdmin({ store, dataDir, passwordFile, nowMs })).kind, 'kept');
  const accounts = createAccounts({ store, apiTokens, nowMs });
  assert.equal((await accounts.login('admin', 'another password')).session.user, 'admin');
});

test('a login that a new password overtakes gets no session', async () => {
  const { accounts: store, apiTokens } = await openStore();
  const dataDir = await mkdtemp(join(scratch, 'data-'));
  const made = await ensureAdmin({ store, dataDir, nowMs });
  assert.ok(made.kind === 'made');
  let tokenSha256 = '';
  const overtaken: AccountStore = {
    ...store,
    addSession: async (session) => {
      await store.setPasswordHash('admin', await hashPassword('the new password'));
      await store.addSession(session);
      tokenSha256 = session.tokenSha256;
    },
  };
  const accounts = createAccounts({ store: overtaken, apiTokens, nowMs });
  const password = (await readFile(made.path, 'utf8')).trim();
  await assert.rejects(accounts.login('admin', password), { code: 'LOGIN_FAILED' });
  assert.equal(await store.findSession(tokenSha256), undefined);
});

test('a password file that is missing or too short is refused with its path', async () => {
  const { accounts: store } = await openStore();
  const passwordFile = join(scratch, 'short');
  await assert.rejects(ensureAdmin({ store, dataDir: scratch, passwordFile, nowMs }), {
    code: 'FILE_UNREADABLE',
  });
  await writeFile(passwordFile, 'short\n');
  await assert.rejects(ensureAdmin({ store, dataDir: scratch, passwordFile, nowMs }), {
    code: 'CONFIG_INVALID',
  });
});
