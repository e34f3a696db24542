import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { sha256Hex } from '../../shared/src/kernel/digest.ts';
import {
  createHttpWorld,
  DEVICE_AUTHORIZATION,
  type HttpWorld,
  MAX_ARTIFACT_BYTES,
} from '../support/http-world.ts';

const CONTENT = Buffer.from('0123456789');
const codeOf = async (reply: Response) => ((await reply.json()) as { code: string }).code;
const DIGEST = sha256Hex(CONTENT);

let world: HttpWorld;
let url = '';
let cookie = '';
before(async () => {
  world = await createHttpWorld();
  url = `${await world.app.listen({ host: '127.0.0.1', port: 0 })}/api/v1`;
  cookie = await world.login();
  assert.equal((await put(DIGEST, CONTENT)).status, 200);
});
after(() => world.close());

const put = (
  digest: string,
  body: Uint8Array<ArrayBuffer> | string | null,
  headers: Record<string, string> = {},
) => fetch(`${url}/artifacts/${digest}`, { method: 'PUT', body, headers: { cookie, ...headers } });
const get = (headers: Record<string, string>, method = 'GET') =>
  fetch(`${url}/artifacts/${DIGEST}`, {
    method,
    headers: { authorization: DEVICE_AUTHORIZATION, ...headers },
  });

test('a device gets the whole file, named by its digest', async () => {
  const reply = await get({});
  assert.equal(reply.status, 200);
  assert.equal(await reply.text(), '0123456789');
  assert.equal(reply.headers.get('etag'), `"${DIGEST}"`);
  assert.equal(reply.headers.get('accept-ranges'), 'bytes');
  assert.equal(reply.headers.get('content-length'), '10');
});

test('HEAD gives the length without the bytes', async () => {
  const reply = await get({}, 'HEAD');
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('content-length'), '10');
  assert.equal(await reply.text(), '');
});

for (const [range, status, body, contentRange] of [
  ['bytes=4-6', 206, '456', 'bytes 4-6/10'],
  ['bytes=7-', 206, '789', 'bytes 7-9/10'],
  ['bytes=-2', 206, '89', 'bytes 8-9/10'],
  ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
  ['bytes=0-1,4-5', 200, '0123456789', null],
  ['lines=1-2', 200, '0123456789', null],
] as const)
  test(`Range ${range} gives ${status} ${body}`, async () => {
    const reply = await get({ range });
    assert.equal(reply.status, status);
    assert.equal(await reply.text(), body);
    assert.equal(reply.headers.get('content-range'), contentRange);
  });

test('a range beyond the file is refused with its length', async () => {
  const reply = await get({ range: 'bytes=10-' });
  assert.equal(reply.status, 416);
  assert.equal(reply.headers.get('content-range'), 'bytes */10');
  assert.equal(await codeOf(reply), 'RANGE_INVALID');
});

test('a range of another version of the file gets the whole', async () => {
  assert.equal((await get({ range: 'bytes=4-6', 'if-range': '"other"' })).status, 200);
  assert.equal((await get({ range: 'bytes=4-6', 'if-range': `"${DIGEST}"` })).status, 206);
});

test('who has the file already need not fetch it', async () => {
  const reply = await get({ 'if-none-match': `"${DIGEST}"` });
  assert.equal(reply.status, 304);
  assert.equal(await reply.text(), '');
});

test('a file that is not there is named', async () => {
  const reply = await fetch(`${url}/artifacts/${'0'.repeat(64)}`, { headers: { cookie } });
  assert.equal(reply.status, 404);
  assert.equal(await codeOf(reply), 'NOT_FOUND');
});

test('files want a login or the credentials of a device', async () => {
  assert.equal((await fetch(`${url}/artifacts/${DIGEST}`)).status, 401);
  const reply = await fetch(`${url}/artifacts/${DIGEST}`, {
    method: 'PUT',
    body: CONTENT,
    headers: { authorization: DEVICE_AUTHORIZATION },
  });
  assert.equal(await codeOf(reply), 'LOGIN_REQUIRED');
});

test('bytes of another digest are refused', async () => {
  const reply = await put(sha256Hex('other'), CONTENT);
  assert.equal(reply.status, 409);
  assert.equal(await codeOf(reply), 'DIGEST_MISMATCH');
});

test('any content type is taken as bytes', async () => {
  const json = '{"a":1}';
  assert.equal((await put(sha256Hex(json), json, { 'content-type': 'application/json' })).status, 200);
});

test('an empty file can be stored and fetched', async () => {
  const empty = sha256Hex('');
  assert.equal((await put(empty, null)).status, 200);
  const reply = await fetch(`${url}/artifacts/${empty}`, { headers: { cookie } });
  assert.equal(reply.status, 200);
  assert.equal(await reply.text(), '');
});

test('a file over the limit is refused before it is sent', async () => {
  const { port } = world.app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const head = [
    `PUT /api/v1/artifacts/${DIGEST} HTTP/1.1`,
    'Host: x',
    `Cookie: ${cookie}`,
    `Content-Length: ${MAX_ARTIFACT_BYTES + 1}`,
    'Content-Type: application/octet-stream',
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const reply = await text(socket);
  assert.match(reply, /^HTTP\/1.1 413 /);
  assert.match(reply, /BODY_TOO_LARGE/);
});

test('a digest that is none is refused', async () => {
  const reply = await put('..%2f..%2fetc', CONTENT);
  assert.equal(reply.status, 400);
  assert.equal(await codeOf(reply), 'REQUEST_INVALID');
});
