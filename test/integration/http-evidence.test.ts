import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sha256Hex } from '../../shared/src/kernel/digest.ts';
import { eventMessage } from '../support/fleet-data.ts';
import { makeEvent } from '../support/http-data.ts';
import { createHttpWorld, DEVICE, DEVICE_AUTHORIZATION, type HttpWorld } from '../support/http-world.ts';
import { makeJpeg } from '../support/test-jpeg.ts';

const JPEG = Buffer.from(await makeJpeg());
const OTHER = Buffer.from(await makeJpeg(10));

let world: HttpWorld;
const cookies: Record<string, string> = {};
before(async () => {
  world = await createHttpWorld();
  for (const role of ['viewer', 'operator'] as const) {
    await world.addUser(role, [role]);
    cookies[role] = await world.login(role);
  }
  const messages = [1, 2, 3, 4, 5].map((seq) => eventMessage(seq, { deviceId: DEVICE }));
  await world.store.reports.commit([...messages, eventMessage(6, { deviceId: 'box-2' })], 1);
});
after(() => world.close());

const pathOf = (event: string): string => `/api/v1/devices/${DEVICE}/events/${event}/evidence`;
const get = (url: string, role = 'viewer') =>
  world.app.inject({ url, headers: { cookie: cookies[role] ?? '' } });
const put = (
  event: string,
  number: number | string,
  bytes = JPEG,
  change: { readonly sha256?: string; readonly type?: string; readonly authorization?: string } = {},
) =>
  world.app.inject({
    method: 'PUT',
    url: `/api/v1/device/events/${event}/evidence/${number}?offsetMs=-250&sha256=${change.sha256 ?? sha256Hex(bytes)}`,
    headers: {
      authorization: change.authorization ?? DEVICE_AUTHORIZATION,
      'content-type': change.type ?? 'image/jpeg',
    },
    payload: bytes,
  });

test('a device puts a picture of its sighting, people fetch it, and it is in no cache', async () => {
  assert.equal((await put('sighting-1', 1)).statusCode, 204);
  const { pictures, canAsk } = (await get(pathOf('sighting-1'))).json();
  assert.deepEqual([pictures, canAsk], [[{ number: 1, offsetMs: -250, sizeBytes: JPEG.length }], true]);
  const picture = await get(`${pathOf('sighting-1')}/1`);
  assert.deepEqual(picture.rawPayload, JPEG);
  assert.deepEqual(
    [picture.headers['content-type'], picture.headers['cache-control']],
    ['image/jpeg', 'no-store'],
  );
  assert.equal(picture.headers['x-content-type-options'], 'nosniff');
});

test('the same picture again is no error, another one under its number is', async () => {
  for (let times = 0; times < 3; times += 1) assert.equal((await put('sighting-2', 1)).statusCode, 204);
  assert.equal((await put('sighting-2', 1, OTHER)).json().code, 'EVIDENCE_TAKEN');
  assert.equal((await get(pathOf('sighting-2'))).json().pictures.length, 1);
  assert.deepEqual((await get(`${pathOf('sighting-2')}/1`)).rawPayload, JPEG);
});

test('a device puts pictures of sightings it reported itself only', async () => {
  for (const event of ['sighting-6', 'nobody']) {
    const reply = await put(event, 1);
    assert.deepEqual([reply.statusCode, reply.json().code], [409, 'EVENT_UNKNOWN'], event);
  }
  assert.equal((await get('/api/v1/devices/box-2/events/sighting-6/evidence')).json().pictures.length, 0);
});

const REFUSED: readonly (readonly [string, () => ReturnType<typeof put>, number, string])[] = [
  [
    'without the secret of a device',
    () => put('sighting-3', 1, JPEG, { authorization: '' }),
    401,
    'LOGIN_REQUIRED',
  ],
  ['that is no JPEG', () => put('sighting-3', 1, Buffer.from('<script>')), 400, 'REQUEST_INVALID'],
  ['that broke off', () => put('sighting-3', 1, JPEG.subarray(0, -2)), 400, 'REQUEST_INVALID'],
  ['of another type', () => put('sighting-3', 1, JPEG, { type: 'text/html' }), 400, 'REQUEST_INVALID'],
  [
    'with another digest',
    () => put('sighting-3', 1, JPEG, { sha256: 'a'.repeat(64) }),
    409,
    'DIGEST_MISMATCH',
  ],
  ['beyond the number of a sighting', () => put('sighting-3', 13), 400, 'REQUEST_INVALID'],
  ['with a number that is none', () => put('sighting-3', '../1'), 404, 'NOT_FOUND'],
  ['of a sighting that leads elsewhere', () => put('..%2f..%2fkeys', 1), 400, 'REQUEST_INVALID'],
  ['that is too large', () => put('sighting-3', 1, Buffer.alloc(1024 * 1024 + 1, 7)), 413, 'BODY_TOO_LARGE'],
];
for (const [what, ask, status, code] of REFUSED)
  test(`a picture ${what} is refused with ${code}`, async () => {
    const reply = await ask();
    assert.deepEqual([reply.statusCode, reply.json().code], [status, code], reply.body);
    assert.equal((await get(pathOf('sighting-3'))).json().pictures.length, 0);
  });

test('nobody sees a picture without a login, no device does, and what is not there is not found', async () => {
  await put('sighting-4', 1);
  for (const url of [pathOf('sighting-4'), `${pathOf('sighting-4')}/1`]) {
    assert.equal((await get(url, 'nobody')).json().code, 'LOGIN_REQUIRED');
    const asDevice = await world.app.inject({ url, headers: { authorization: DEVICE_AUTHORIZATION } });
    assert.equal(asDevice.json().code, 'LOGIN_REQUIRED');
  }
  for (const path of [`${pathOf('sighting-4')}/2`, pathOf('nobody'), `${pathOf('nobody')}/1`])
    assert.equal((await get(path)).json().code, 'NOT_FOUND', path);
});

test('who looks at a sighting is in the audit log, once an hour, however many pictures there are', async () => {
  for (const number of [1, 2, 3]) await put('sighting-5', number, number === 1 ? JPEG : OTHER);
  const looks = async () =>
    (await world.audit.list({ afterSeq: 0, limit: 500 })).filter(
      ({ action, details }) => action === 'evidence.viewed' && details.event === 'sighting-5',
    );
  for (const number of [1, 2, 3]) await get(`${pathOf('sighting-5')}/${number}`);
  await get(`${pathOf('sighting-5')}/1`, 'operator');
  assert.deepEqual(
    (await looks()).map(({ actor, subject }) => [actor.kind, actor.id, subject]),
    [
      ['user', 'viewer', DEVICE],
      ['user', 'operator', DEVICE],
    ],
  );
  world.clock.nowMs += 3_600_001;
  await get(`${pathOf('sighting-5')}/1`);
  assert.equal((await looks()).length, 3);
  world.clock.nowMs -= 3_600_001;
});

test('each event says which pictures there are, and whether the box can be asked for them', async () => {
  world.events.push(
    makeEvent(1, { id: 'sighting-1' }),
    makeEvent(2, { id: 'sighting-3', type: 'end' }),
    makeEvent(3, { id: 'an odd id' }),
  );
  const read = async () => {
    const { events } = (await get('/api/v1/events')).json();
    return Object.fromEntries(
      events.map((event: { id: string; evidence?: object }) => [event.id, event.evidence]),
    );
  };
  const sent = { pictures: [{ number: 1, offsetMs: -250, sizeBytes: JPEG.length }], canAsk: true };
  assert.deepEqual(await read(), {
    'sighting-1': sent,
    'sighting-3': { pictures: [], canAsk: true },
    'an odd id': undefined,
  });
  const command = await world.commands.order(
    DEVICE,
    { name: 'evidence', args: { event: 'sighting-3' } },
    'operator',
  );
  const body = { id: command.id, state: 'failed', code: 'EVIDENCE_GONE', detail: 'removed' } as const;
  world.commands.onReply({ deviceId: DEVICE, name: 'evidence', body });
  await world.commands.awaitEnd(DEVICE, command.id, {
    limitMs: 10_000,
    signal: new AbortController().signal,
  });
  assert.deepEqual((await read())['sighting-3'], { pictures: [], canAsk: false });
});

test('only an operator asks a box, and only for a sighting with an id', async () => {
  const ask = (role: string, event: string) =>
    world.app.inject({
      method: 'POST',
      url: `/api/v1/devices/${DEVICE}/commands`,
      headers: { cookie: cookies[role] ?? '' },
      payload: { name: 'evidence', args: { event } },
    });
  assert.equal((await ask('viewer', 'sighting-4')).json().code, 'FORBIDDEN');
  assert.equal((await ask('operator', '../x')).json().code, 'REQUEST_INVALID');
  assert.equal((await ask('operator', 'sighting-4')).json().state, 'pending');
  const asked = (await world.audit.list({ afterSeq: 0, limit: 500 })).findLast(
    ({ action }) => action === 'command.ordered',
  );
  assert.deepEqual([asked?.actor.id, asked?.details.args], ['operator', { event: 'sighting-4' }]);
});

test('pages are told when a picture has come', async () => {
  const told: unknown[] = [];
  const unsubscribe = world.fleet.subscribe((message) => void told.push(message));
  await put('sighting-3', 1);
  unsubscribe();
  const pictures = [{ number: 1, offsetMs: -250, sizeBytes: JPEG.length }];
  const data = { deviceId: DEVICE, event: 'sighting-3', pictures, canAsk: false };
  assert.deepEqual(told, [{ kind: 'evidence', data }]);
});
