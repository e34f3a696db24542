import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { createLiveClients, type LiveClients } from '../../fleet-server/src/http/live-clients.ts';
import { createFakeFleet, type FakeFleet } from '../support/fake-fleet.ts';
import { makeDevice } from '../support/http-data.ts';
import { createHttpWorld } from '../support/http-world.ts';
import { until } from '../support/until.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** Serves the live clients alone, and opens one that does not read by itself. */
async function openLive(live: LiveClients, isStillAllowed = async () => true): Promise<IncomingMessage> {
  server = createServer((_request, response) => live.open({ response, headers: {}, isStillAllowed }));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const [response] = await once(get({ port, host: '127.0.0.1' }), 'response');
  response.on('error', () => undefined);
  return response;
}

const makeLive = (fleet: FakeFleet, heartbeatMs = 60_000) => createLiveClients({ fleet, heartbeatMs });

/** Resolves at the end, be it clean or not. */
const closeOf = (stream: IncomingMessage) => new Promise((resolve) => stream.once('close', resolve));

/** Reads until `text` has come. */
async function readUntil(stream: IncomingMessage, text: string): Promise<string> {
  let all = '';
  stream.on('data', (chunk: Buffer) => {
    all += chunk;
  });
  await until(`"${text}" in ${all}`, () => all.includes(text));
  return all;
}

test('a page gets every device, then each change', async () => {
  const world = await createHttpWorld();
  const url = await world.app.listen({ host: '127.0.0.1', port: 0 });
  const reply = get(`${url}/api/v1/live`, { headers: { cookie: await world.login() } });
  const [stream]: IncomingMessage[] = await once(reply, 'response');
  assert.ok(stream);
  stream.on('error', () => undefined);
  assert.equal(stream.headers['content-type'], 'text/event-stream');
  assert.equal(stream.headers['x-content-type-options'], 'nosniff');
  await readUntil(stream, `event: device\ndata: ${JSON.stringify(makeDevice('box-1'))}\n\n`);
  const changed = makeDevice('box-1', { connection: 'lost' });
  world.fleet.send({ kind: 'device', data: changed });
  await readUntil(stream, '"connection":"lost"');
  const closed = closeOf(stream);
  await world.close();
  await closed;
});

test('a page that goes away is forgotten', async () => {
  const fleet = createFakeFleet();
  const stream = await openLive(makeLive(fleet));
  await until('it listens', () => fleet.watchers() === 1);
  stream.destroy();
  await until('it is forgotten', () => fleet.watchers() === 0);
});

test('while nothing happens, a sign of life comes', async () => {
  const stream = await openLive(makeLive(createFakeFleet(), 5));
  await readUntil(stream, ': heartbeat\n\n: heartbeat\n\n');
  stream.destroy();
});

test('when the session is over, the stream ends', async () => {
  const fleet = createFakeFleet();
  const stream = await openLive(makeLive(fleet, 5), async () => false);
  stream.resume();
  await closeOf(stream);
  await until('it is forgotten', () => fleet.watchers() === 0);
});

test('a page that does not read is dropped', async () => {
  const fleet = createFakeFleet();
  const stream = await openLive(makeLive(fleet));
  const data = makeDevice('box-1', { fleet: 'x'.repeat(64 * 1024) });
  await until('it is dropped', () => {
    fleet.send({ kind: 'device', data });
    return fleet.watchers() === 0;
  });
  stream.destroy();
});

test('a stop cuts every stream', async () => {
  const live = makeLive(createFakeFleet());
  const stream = await openLive(live);
  stream.resume();
  const closed = closeOf(stream);
  live.stop();
  await closed;
});
