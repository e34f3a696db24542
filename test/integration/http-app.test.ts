import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { createHttpServer } from '../../fleet-server/src/http/http-server.ts';
import type { TlsListener } from '../../fleet-server/src/identity/port.ts';
import { createPinoLogger } from '../../fleet-server/src/kernel/pino-logger.ts';
import { makeAuthority } from '../support/certified-box.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

let world: HttpWorld;
afterEach(() => world.close());
const html = { accept: 'text/html,*/*' };

/** A world whose web UI is built. */
async function createBuiltWorld(): Promise<HttpWorld> {
  const unbuilt = await createHttpWorld();
  const webDir = join(unbuilt.folder, 'dist');
  await mkdir(join(webDir, 'assets'), { recursive: true });
  await writeFile(join(webDir, 'index.html'), '<title>the page</title>');
  await writeFile(join(webDir, 'assets', 'app-1.js'), 'x');
  const built = await createHttpWorld({ webDir });
  const close = async () => {
    await built.close();
    await unbuilt.close();
  };
  return { ...built, close };
}

test('the health of the server is public', async () => {
  world = await createHttpWorld();
  const reply = await world.app.inject('/healthz');
  assert.deepEqual(reply.json(), { status: 'ok' });
});

test('every reply tells browsers to be careful', async () => {
  world = await createHttpWorld();
  for (const url of ['/healthz', '/api/v1/devices', '/nothing']) {
    const { headers } = await world.app.inject(url);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.match(String(headers['content-security-policy']), /default-src 'self'/);
    assert.ok(headers['referrer-policy']);
  }
});

for (const kind of ['plain', 'TLS'])
  test(`${kind}: an upload is not cut while it moves, and what stands still is closed`, async () => {
    world = await createHttpWorld(kind === 'TLS' ? { tls: await makeTls() } : {});
    const { requestTimeout, headersTimeout, timeout, keepAliveTimeout } = world.app.server;
    assert.deepEqual(
      { requestTimeout, headersTimeout, timeout, keepAliveTimeout },
      { requestTimeout: 0, headersTimeout: 60_000, timeout: 120_000, keepAliveTimeout: 72_000 },
    );
  });

async function makeTls(): Promise<TlsListener> {
  const material = await (await makeAuthority()).issueServer(['127.0.0.1']);
  const certificate = { current: () => material, onRenewed: () => undefined };
  return { certificate, identify: async () => undefined };
}

test('the page is served, and the addresses it understands lead to it', async () => {
  world = await createBuiltWorld();
  for (const url of ['/', '/devices/box-1']) {
    const reply = await world.app.inject({ url, headers: html });
    assert.equal(reply.statusCode, 200);
    assert.equal(reply.body, '<title>the page</title>');
    assert.equal(reply.headers['cache-control'], 'no-cache');
  }
  const script = await world.app.inject('/assets/app-1.js');
  assert.match(String(script.headers['cache-control']), /immutable/);
});

test('what is neither page nor file is not found', async () => {
  world = await createBuiltWorld();
  for (const request of [
    { url: '/api/v1/nothing', headers: html },
    { url: '/assets/app-2.js' },
    { url: '/../package.json' },
    { method: 'POST', url: '/', headers: html },
  ] as const) {
    const reply = await world.app.inject(request);
    assert.equal(reply.statusCode, 404, request.url);
    assert.equal(reply.json().code, 'NOT_FOUND');
  }
});

test('when the page is not built, it says how to build it', async () => {
  world = await createHttpWorld();
  const reply = await world.app.inject({ url: '/', headers: html });
  assert.equal(reply.statusCode, 404);
  assert.match(reply.body, /npm run build:web/);
});

test('the API document names every route', async () => {
  world = await createHttpWorld();
  const document = (await world.app.inject('/docs/json')).json();
  assert.match(document.openapi, /^3\./);
  const operations = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  for (const expected of [
    'GET /healthz',
    'POST /api/v1/session',
    'DELETE /api/v1/session',
    'GET /api/v1/devices/{id}',
    'GET /api/v1/events',
    'GET /api/v1/devices/{id}/telemetry',
    'PUT /api/v1/device/cameras/{camera}/picture',
    'POST /api/v1/enrol',
    'PUT /api/v1/artifacts/{sha256}',
    'POST /api/v1/bundles',
    'GET /api/v1/bundles/{digest}/manifest',
    'POST /api/v1/devices/{id}/deployments',
    'GET /api/v1/live',
  ])
    assert.ok(operations.includes(expected), `${expected} is in ${operations.join(', ')}`);
  assert.match((await world.app.inject('/docs')).body, /swagger-ui/);
});

test('a body that is not JSON, of another type or too long is refused with a code', async () => {
  world = await createHttpWorld();
  const post = (payload: string, type = 'application/json') =>
    world.app.inject({
      method: 'POST',
      url: '/api/v1/session',
      headers: { 'content-type': type },
      payload,
    });
  assert.equal((await post('{')).json().code, 'REQUEST_INVALID');
  assert.equal((await post('')).json().code, 'REQUEST_INVALID');
  assert.equal((await post('null')).json().code, 'REQUEST_INVALID');
  assert.equal((await post('a=1', 'application/x-www-form-urlencoded')).json().code, 'REQUEST_INVALID');
  const long = await post(JSON.stringify({ user: 'x'.repeat(2_000_000), password: '' }));
  assert.equal(long.statusCode, 413);
  assert.equal(long.json().code, 'BODY_TOO_LARGE');
});

test('an address that cannot be read is refused with a code', async () => {
  world = await createHttpWorld();
  const reply = await world.app.inject('/api/v1/devices/%E0%A4%A');
  assert.equal(reply.statusCode, 400);
  assert.equal(reply.json().code, 'REQUEST_INVALID');
});

test('an unexpected failure tells the client its id only, and the log the cause', async () => {
  const lines: string[] = [];
  const log = createPinoLogger('info', { write: (line: string) => void lines.push(line) });
  const enrolment = {
    createToken: async () => {
      throw new Error('secret detail of a bug');
    },
    enrol: async () => {
      throw new Error('secret detail of a bug');
    },
  };
  world = await createHttpWorld({ log, enrolment });
  const cookie = await world.login();
  const reply = await world.app.inject({
    method: 'POST',
    url: '/api/v1/enrolment-tokens',
    headers: { cookie },
    payload: {},
  });
  assert.equal(reply.statusCode, 500);
  assert.equal(reply.json().code, 'INTERNAL');
  assert.ok(!reply.body.includes('secret detail'));
  const logged = lines.join('');
  assert.ok(logged.includes('secret detail of a bug') && logged.includes(reply.json().requestId));
});

test('a port that is taken is named', async () => {
  world = await createHttpWorld();
  const other = await createHttpWorld();
  const first = createHttpServer({ createApp: async () => world.app, host: '127.0.0.1', port: 0 });
  await first.start(AbortSignal.timeout(10_000));
  const createApp = async () => other.app;
  const second = createHttpServer({ createApp, host: '127.0.0.1', port: first.port });
  await assert.rejects(second.start(AbortSignal.timeout(10_000)), { code: 'PORT_IN_USE' });
  await other.close();
  await first.stop();
});
