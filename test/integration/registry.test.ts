import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import { canonicalJson } from '../../shared/src/kernel/canonical-json.ts';
import { digestOf, sha256Hex } from '../../shared/src/kernel/digest.ts';
import { makeManifest } from '../support/http-data.ts';
import { createHttpWorld, DEVICE_AUTHORIZATION, type HttpWorld } from '../support/http-world.ts';

const MODEL = Buffer.from('a model');

let world: HttpWorld;
let cookie = '';
beforeEach(async () => {
  world = await createHttpWorld();
  cookie = await world.login();
});
afterEach(() => world.close());

const putModel = () => world.blobs.put(sha256Hex(MODEL), Readable.from([MODEL]));
const push = (manifest: unknown) =>
  world.app.inject({
    method: 'POST',
    url: '/api/v1/bundles',
    headers: { cookie },
    payload: { manifest },
  });
const getAsDevice = (path: string) =>
  world.app.inject({ url: `/api/v1/bundles/${path}`, headers: { authorization: DEVICE_AUTHORIZATION } });

test('a pushed bundle is listed', async () => {
  await putModel();
  const manifest = makeManifest(MODEL);
  const reply = await push(manifest);
  assert.equal(reply.statusCode, 200, reply.body);
  assert.deepEqual(reply.json(), {
    digest: digestOf(manifest),
    model: 'pets',
    version: '1.0.0',
    releaseCounter: 1,
    state: 'draft',
    sizeBytes: MODEL.length,
    labels: ['cat', 'dog'],
    createdAtMs: world.clock.nowMs,
  });
  const list = await world.app.inject({ url: '/api/v1/bundles', headers: { cookie } });
  assert.deepEqual(list.json(), { bundles: [reply.json()] });
});

test('a device fetches the manifest in the bytes that were digested', async () => {
  await putModel();
  const manifest = makeManifest(MODEL);
  const { digest } = (await push(manifest)).json();
  const reply = await getAsDevice(`${digest}/manifest`);
  assert.equal(sha256Hex(reply.rawPayload), digest);
  assert.equal(await world.blobs.size(digest), canonicalJson(manifest).length);
});

test('an unknown bundle is named', async () => {
  assert.equal((await getAsDevice(`${'0'.repeat(64)}/manifest`)).json().code, 'NOT_FOUND');
  assert.equal((await getAsDevice('0/manifest')).json().code, 'REQUEST_INVALID');
});

test('the same bundle may be pushed again; another under its version may not', async () => {
  await putModel();
  const first = await push(makeManifest(MODEL));
  assert.deepEqual((await push(makeManifest(MODEL))).json(), first.json());
  const other = await push(makeManifest(MODEL, { releaseCounter: 2 }));
  assert.equal(other.statusCode, 409);
  assert.equal(other.json().code, 'VERSION_TAKEN');
});

test('when files are missing or of another size, each is named', async () => {
  const missing = await push(makeManifest(MODEL));
  assert.equal(missing.json().code, 'BUNDLE_INCOMPLETE');
  assert.match(missing.json().message, /model\.onnx.*not here/);
  await putModel();
  const { files, ...rest } = makeManifest(MODEL);
  const resized = await push({ ...rest, files: files.map((file) => ({ ...file, sizeBytes: 1 })) });
  assert.match(resized.json().message, /has 7 bytes, not 1/);
});

test('a manifest of a future schema, a wrong one and one that leaves its folder are refused', async () => {
  await putModel();
  const manifest = makeManifest(MODEL);
  assert.equal((await push({ ...manifest, schemaVersion: 2 })).json().code, 'MANIFEST_TOO_NEW');
  assert.equal((await push({ ...manifest, colour: 'red' })).json().code, 'MANIFEST_INVALID');
  assert.equal((await push(undefined)).json().code, 'MANIFEST_INVALID');
  const [file] = manifest.files;
  const outside = await push({ ...manifest, files: [file, { ...file, path: '../x' }] });
  assert.match(outside.json().message, /leaves the bundle/);
});
