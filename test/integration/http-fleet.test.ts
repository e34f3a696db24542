import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { EventPage } from '@watchpost/shared/api/fleet.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import { liveTelemetry } from '../support/fleet-data.ts';
import { makeDevice, makeEvent } from '../support/http-data.ts';
import { createHttpWorld, DEVICE, DEVICE_AUTHORIZATION, type HttpWorld } from '../support/http-world.ts';

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);

let world: HttpWorld;
let cookie = '';
beforeEach(async () => {
  world = await createHttpWorld();
  cookie = await world.login();
});
afterEach(() => world.close());

const get = (path: string) => world.app.inject({ url: `/api/v1${path}`, headers: { cookie } });
const post = (path: string, payload: object) =>
  world.app.inject({ method: 'POST', url: `/api/v1${path}`, headers: { cookie }, payload });
const putPicture = (payload: Buffer, headers: Record<string, string> = {}, camera = 'gate') =>
  world.app.inject({
    method: 'PUT',
    url: `/api/v1/device/cameras/${camera}/picture`,
    headers: { authorization: DEVICE_AUTHORIZATION, 'content-type': 'image/jpeg', ...headers },
    payload,
  });

for (const path of ['/devices', '/devices/box-1', '/events', '/devices/box-1/telemetry', '/bundles', '/live'])
  test(`${path} wants a login`, async () => {
    const reply = await world.app.inject({ url: `/api/v1${path}` });
    assert.equal(reply.json().code, 'LOGIN_REQUIRED');
  });

test('the fleet list and a device are sent as the view has them', async () => {
  assert.deepEqual((await get('/devices')).json(), { devices: [makeDevice(DEVICE)] });
  assert.deepEqual((await get('/devices/box-1')).json(), makeDevice(DEVICE));
});

test('an unknown device is named', async () => {
  const reply = await get('/devices/box-9');
  assert.equal(reply.statusCode, 404);
  assert.match(reply.json().message, /box-9/);
});

test('events come newest first, page by page', async () => {
  world.events.push(...[1, 2, 3].map((rowId) => makeEvent(rowId)));
  const first = (await get('/events?limit=2')).json();
  assert.deepEqual(
    first.events.map((event: { id: string }) => event.id),
    ['sighting-3', 'sighting-2'],
  );
  const second = (await get(`/events?limit=2&before=${first.next}`)).json();
  assert.equal(second.events.length, 1);
  assert.equal(second.next, undefined);
});

test('what the box knew of its clock is shown with each event that has it', async () => {
  world.events.push(makeEvent(1), makeEvent(2, { clockState: 'plausible' }));
  const { events } = (await get('/events')).json<EventPage>();
  assert.deepEqual(
    events.map(({ id, clockState }) => [id, clockState]),
    [
      ['sighting-2', 'plausible'],
      ['sighting-1', undefined],
    ],
  );
});

test('events are filtered by device and camera', async () => {
  world.events.push(makeEvent(1), makeEvent(2, { camera: 'yard' }), makeEvent(3, { deviceId: 'box-2' }));
  const reply = (await get('/events?device=box-1&camera=yard')).json();
  assert.deepEqual(
    reply.events.map((event: { id: string }) => event.id),
    ['sighting-2'],
  );
});

for (const [query, named] of [
  ['limit=0', '/limit'],
  ['limit=many', '/limit'],
  ['before=last', '/before'],
  ['device=UPPER', '/device'],
  ['colour=red', '/colour'],
] as const)
  test(`the query ${query} is refused with its place`, async () => {
    const reply = await get(`/events?${query}`);
    assert.equal(reply.statusCode, 400);
    assert.equal(reply.json().code, 'REQUEST_INVALID');
    assert.ok(reply.json().message.includes(named), reply.json().message);
  });

test('every problem of a request is reported at once', async () => {
  const { message } = (await get('/events?limit=0&before=0')).json();
  assert.ok(message.includes('/limit') && message.includes('/before'), message);
});

test('telemetry is live where there is any, else what is stored', async () => {
  world.storedTelemetry.push(liveTelemetry(5));
  assert.deepEqual((await get('/devices/box-1/telemetry')).json(), { samples: [liveTelemetry(5)] });
  world.fleet.set(makeDevice(DEVICE, { telemetry: liveTelemetry(9) }));
  assert.deepEqual((await get('/devices/box-1/telemetry')).json(), { samples: [liveTelemetry(9)] });
});

test('all that a device says of its health is sent as it came', async () => {
  const telemetry: Telemetry = {
    ...liveTelemetry(9),
    pressure: { cpuSome10: 1, ioSome10: 2, memorySome10: 3 },
    gpu: [{ name: 'Jetson GPU', load01: 0.5, frequencyMhz: 306, maxFrequencyMhz: 918 }],
    temperatures: [{ zone: 'cpu', celsius: 61, limitCelsius: 95 }],
    memory: {
      ...{ totalBytes: 4, availableBytes: 2, agentRssBytes: 1 },
      processes: [{ name: 'ffmpeg', pid: 7, rssBytes: 1 }],
    },
    disk: {
      ...{
        totalBytes: 4,
        freeBytes: 2,
        name: 'mmcblk0',
        kind: 'emmc',
        lifeUsed01: 0.9,
        endOfLife: 'warning',
      },
      ...{ writtenBytesPerDay: 5.5, agentWrittenBytesPerDay: 2.5 },
    },
    throttled: true,
    throttleReasons: ['under_voltage'],
    throttleReasonsSinceBoot: ['under_voltage', 'throttled'],
    hints: [
      {
        ...{ code: 'disk_worn', subject: 'mmcblk0', severity: 'warning', sinceMs: 3 },
        evidence: { lifeUsed01: 0.9 },
        text: 'replace it soon',
      },
    ],
    outbox: {
      ...{ rows: 1, bytes: 2, oldestSec: 3, dropped: 4 },
      droppedByStream: { event: 1, telemetry: 3 },
    },
  };
  world.fleet.set(makeDevice(DEVICE, { telemetry }));
  assert.deepEqual((await get('/devices/box-1')).json(), makeDevice(DEVICE, { telemetry }));
  const { samples } = (await get('/devices/box-1/telemetry')).json();
  assert.deepEqual(samples, [telemetry]);
});

test('a picture put by a device is shown to users and never cached', async () => {
  assert.deepEqual((await putPicture(JPEG)).json(), { nextInSec: 60 });
  const reply = await get('/devices/box-1/cameras/gate/picture');
  assert.equal(reply.headers['content-type'], 'image/jpeg');
  assert.equal(reply.headers['cache-control'], 'no-store');
  assert.deepEqual(reply.rawPayload, JPEG);
});

test('while somebody watches, the next picture is wanted soon', async () => {
  world.fleet.subscribe(() => undefined);
  assert.deepEqual((await putPicture(JPEG)).json(), { nextInSec: 1 });
});

test('a picture of a device whose birth is on its way is wanted again soon', async () => {
  const { birth: _birth, ...unborn } = makeDevice(DEVICE);
  world.fleet.set({ ...unborn, cameras: [] });
  assert.deepEqual((await putPicture(JPEG)).json(), { nextInSec: 1 });
});

test('pictures that are none, too long, of another type or of an unknown camera are refused', async () => {
  assert.equal((await putPicture(Buffer.from('GIF89a'))).json().code, 'REQUEST_INVALID');
  const long = Buffer.concat([JPEG, Buffer.alloc(1024 * 1024)]);
  assert.equal((await putPicture(long)).json().code, 'BODY_TOO_LARGE');
  const asPng = await putPicture(JPEG, { 'content-type': 'image/png' });
  assert.equal(asPng.json().code, 'REQUEST_INVALID');
  assert.equal((await putPicture(JPEG, {}, 'cellar')).json().code, 'NOT_FOUND');
});

test('a picture wants the credentials of a device', async () => {
  const wrong = `Basic ${Buffer.from(`${DEVICE}:guess`).toString('base64')}`;
  assert.equal((await putPicture(JPEG, { authorization: wrong })).json().code, 'LOGIN_REQUIRED');
  assert.equal((await putPicture(JPEG, { authorization: 'Bearer x' })).json().code, 'LOGIN_REQUIRED');
});

test('there is no picture before the first', async () => {
  assert.equal((await get('/devices/box-1/cameras/gate/picture')).json().code, 'NOT_FOUND');
});

test('a token is made for an hour unless told otherwise', async () => {
  assert.equal((await post('/enrolment-tokens', {})).json().expiresAtMs, 3_600_000);
  assert.equal((await post('/enrolment-tokens', { ttlMinutes: 5 })).json().expiresAtMs, 300_000);
  const wrong = await post('/enrolment-tokens', { ttlMinutes: 0, colour: 'red' });
  assert.match(wrong.json().message, /ttlMinutes.*colour|colour.*ttlMinutes/);
});

test('a box enrols with its token, without a login', async () => {
  const request = {
    token: 'a-token-of-the-fake',
    deviceId: 'box-2',
    csr: 'PEM',
    secretSha256: '0'.repeat(64),
    proof: 'signature',
    agentVersion: '0.1.0',
    hardware: makeDevice('x').birth?.hardware,
  };
  const enrol = (payload: object) => world.app.inject({ method: 'POST', url: '/api/v1/enrol', payload });
  assert.equal((await enrol(request)).json().deviceId, 'box-2');
  const wrong = await enrol({ ...request, token: 'another-token-0000' });
  assert.equal(wrong.statusCode, 403);
  assert.equal(wrong.json().code, 'TOKEN_INVALID');
  assert.equal((await enrol({ ...request, deviceId: 'Box 2' })).json().code, 'REQUEST_INVALID');
});

test('a deployment is ordered for a device', async () => {
  const bundleDigest = 'a'.repeat(64);
  const reply = await post('/devices/box-1/deployments', { bundleDigest });
  assert.equal(reply.statusCode, 201);
  const view = { id: 'deployment-1', deviceId: 'box-1', bundleDigest, state: 'pending', createdAtMs: 5 };
  assert.deepEqual(reply.json(), view, 'the order is not shown');
  assert.equal((await post('/devices/box-9/deployments', { bundleDigest })).json().code, 'NOT_FOUND');
  assert.equal((await post('/devices/box-1/deployments', {})).json().code, 'REQUEST_INVALID');
});
