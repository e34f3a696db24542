import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createHttpWorld, DEVICE, DEVICE_AUTHORIZATION, type HttpWorld } from '../support/http-world.ts';

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
const COMMANDS = `/api/v1/devices/${DEVICE}/commands`;
const SNAPSHOT = { name: 'snapshot', args: { camera: 'gate' } };

let world: HttpWorld;
const cookies: Record<string, string> = {};
before(async () => {
  world = await createHttpWorld();
  for (const role of ['viewer', 'operator', 'qa'] as const) {
    await world.addUser(role, [role]);
    cookies[role] = await world.login(role);
  }
});
after(() => world.close());

const ask = (
  role: string,
  url: string,
  payload?: object,
  method: 'GET' | 'POST' = payload === undefined ? 'GET' : 'POST',
) => world.app.inject({ method, url, headers: { cookie: cookies[role] ?? '' }, ...(payload && { payload }) });
const order = async (): Promise<string> => (await ask('operator', COMMANDS, SNAPSHOT)).json().id;
const put = (id: string, headers: Record<string, string>, payload: Buffer) =>
  world.app.inject({ method: 'PUT', url: `/api/v1/device/commands/${id}/file`, headers, payload });

test('an operator sends a command; everybody who may log in sees what came of it', async () => {
  const sent = await ask('operator', COMMANDS, SNAPSHOT);
  assert.equal(sent.statusCode, 201);
  const { id, state, actor, counter } = sent.json();
  assert.deepEqual([state, actor, counter], ['pending', 'operator', undefined]);
  for (const role of ['viewer', 'operator', 'qa']) {
    assert.equal((await ask(role, `${COMMANDS}/${id}`)).json().id, id);
    assert.equal((await ask(role, COMMANDS)).json().commands[0].id, id);
  }
});

test('nobody sends a command without the role operator, and nobody at all without a login', async () => {
  for (const role of ['viewer', 'qa'])
    assert.equal((await ask(role, COMMANDS, SNAPSHOT)).json().code, 'FORBIDDEN', role);
  for (const url of [COMMANDS, `${COMMANDS}/x`, `${COMMANDS}/x/file`])
    assert.equal((await ask('nobody', url)).json().code, 'LOGIN_REQUIRED', url);
  assert.equal((await ask('nobody', COMMANDS, SNAPSHOT)).json().code, 'LOGIN_REQUIRED');
  const asDevice = await world.app.inject({
    method: 'POST',
    url: COMMANDS,
    headers: { authorization: DEVICE_AUTHORIZATION },
    payload: SNAPSHOT,
  });
  assert.equal(asDevice.json().code, 'LOGIN_REQUIRED');
});

const WRONG = [
  [{ name: 'reboot' }, /name/],
  [{ name: 'snapshot' }, /camera/],
  [{ name: 'snapshot', args: { camera: '../x' } }, /camera/],
  [{ ...SNAPSHOT, force: true }, /force/],
  [{ ...SNAPSHOT, expiresSec: 1 }, /expiresSec/],
  [{ ...SNAPSHOT, expiresSec: 1e9 }, /expiresSec/],
  [{ name: 'loglevel', args: { level: 'debug', minutes: 100_000 } }, /minutes/],
] as const;
for (const [body, problem] of WRONG)
  test(`${JSON.stringify(body)} is refused, and says why`, async () => {
    const reply = await ask('operator', COMMANDS, body);
    assert.deepEqual([reply.statusCode, reply.json().code], [400, 'REQUEST_INVALID']);
    assert.match(reply.json().message, problem);
  });

test('a command of a device nobody knows, and one nobody sent, are not found', async () => {
  assert.equal((await ask('operator', '/api/v1/devices/box-9/commands', SNAPSHOT)).statusCode, 404);
  assert.equal((await ask('viewer', '/api/v1/devices/box-9/commands')).statusCode, 404);
  assert.equal((await ask('viewer', `${COMMANDS}/unknown`)).statusCode, 404);
  const id = await order();
  assert.equal((await ask('viewer', `/api/v1/devices/box-2/commands/${id}`)).statusCode, 404);
});

test('the device puts the file of its command; only who may send commands fetches it', async () => {
  const id = await order();
  const headers = { authorization: DEVICE_AUTHORIZATION, 'content-type': 'image/jpeg' };
  assert.equal((await put(id, headers, JPEG)).statusCode, 204);
  const fetched = await ask('operator', `${COMMANDS}/${id}/file`);
  assert.deepEqual([fetched.statusCode, fetched.rawPayload], [200, JPEG]);
  assert.equal(fetched.headers['content-type'], 'image/jpeg');
  assert.equal(fetched.headers['cache-control'], 'no-store');
  for (const role of ['viewer', 'qa'])
    assert.equal((await ask(role, `${COMMANDS}/${id}/file`)).json().code, 'FORBIDDEN', role);
});

test('what is no such file, too long, of nobody or of no open command is refused', async () => {
  const id = await order();
  const headers = { authorization: DEVICE_AUTHORIZATION, 'content-type': 'image/jpeg' };
  assert.equal((await put(id, headers, Buffer.from('<html>'))).json().code, 'REQUEST_INVALID');
  assert.equal(
    (await put(id, { ...headers, 'content-type': 'text/html' }, JPEG)).json().code,
    'REQUEST_INVALID',
  );
  assert.equal((await put(id, headers, Buffer.alloc(5_000_000, JPEG))).json().code, 'BODY_TOO_LARGE');
  assert.equal((await put(id, { 'content-type': 'image/jpeg' }, JPEG)).json().code, 'LOGIN_REQUIRED');
  const gzip = { ...headers, 'content-type': 'application/gzip' };
  assert.equal((await put(id, gzip, Buffer.from([0x1f, 0x8b, 8]))).json().code, 'COMMAND_OVER');
  assert.equal((await put('unknown', headers, JPEG)).json().code, 'NOT_FOUND');
  assert.equal((await put('..%2fx', headers, JPEG)).statusCode, 400);
  assert.equal((await ask('operator', `${COMMANDS}/${id}/file`)).statusCode, 404);
});

test('who waits for the end gets it when the device replies, and is let go when the server stops', async () => {
  const id = await order();
  const waiting = ask('viewer', `${COMMANDS}/${id}?waitSec=25`);
  world.commands.onReply({ deviceId: DEVICE, name: 'snapshot', body: { id, state: 'done' } });
  assert.equal((await waiting).json().state, 'done');
  assert.equal((await ask('viewer', `${COMMANDS}/${id}?waitSec=26`)).statusCode, 400);
  const other = await createHttpWorld();
  const cookie = await other.login();
  const sent = await other.app.inject({
    method: 'POST',
    url: COMMANDS,
    headers: { cookie },
    payload: SNAPSHOT,
  });
  const url = `${COMMANDS}/${sent.json().id}?waitSec=25`;
  const hanging = other.app.inject({ method: 'GET', url, headers: { cookie } });
  const [reply] = await Promise.all([hanging, other.close()]);
  assert.notEqual(reply.json().state, 'done');
});

test('the actions of people on commands are in the audit log', async () => {
  const entries = await world.audit.list({ afterSeq: 0, limit: 500 });
  const [first] = entries.filter(({ action }) => action === 'command.ordered');
  assert.deepEqual([first?.actor, first?.subject], [{ kind: 'user', id: 'operator' }, DEVICE]);
  assert.deepEqual(first?.details.args, { camera: 'gate' });
});
