import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createHttpArtifacts } from '../../agent/src/download/http-artifacts.ts';
import type { ArtifactSource } from '../../agent/src/download/port.ts';
import { createHttpWorld, DEVICE_AUTHORIZATION, type HttpWorld } from '../support/http-world.ts';
import { contentOf, makeBundle, makeBytes } from '../support/test-bundle.ts';

const BUNDLE = makeBundle({
  files: { 'model.onnx': makeBytes(50_000, 4) },
});
const { sha256, bytes } = contentOf(BUNDLE, 'model.onnx');
const FILE = { sha256, sizeBytes: bytes.length };

let world: HttpWorld;
let source: ArtifactSource;
let folder = '';
before(async () => {
  world = await createHttpWorld();
  const serverUrl = await world.app.listen({ host: '127.0.0.1', port: 0 });
  const headers = { cookie: await world.login() };
  const api = `${serverUrl}/api/v1`;
  await fetch(`${api}/artifacts/${sha256}`, { method: 'PUT', headers, body: Buffer.from(bytes) });
  const pushed = await fetch(`${api}/bundles`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ manifest: BUNDLE.manifest }),
  });
  assert.ok(pushed.ok, await pushed.text());
  source = createHttpArtifacts({ serverUrl, authorization: DEVICE_AUTHORIZATION });
  folder = await mkdtemp(join(tmpdir(), 'watchpost-fleet-api-'));
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});
const signal = () => AbortSignal.timeout(20_000);

test('the agent gets from the fleet server what was pushed to it', async () => {
  const manifest = await source.fetchManifest(BUNDLE.digest, signal());
  assert.deepEqual(Buffer.from(manifest), Buffer.from(BUNDLE.manifestBytes));
  await source.fetchFile(FILE, join(folder, 'whole'), signal());
  assert.deepEqual(await readFile(join(folder, 'whole')), Buffer.from(bytes));
});

test('the fleet server lets the agent go on where its download stopped', async () => {
  await writeFile(join(folder, 'rest.part'), bytes.subarray(0, 20_000));
  await source.fetchFile(FILE, join(folder, 'rest'), signal());
  assert.deepEqual(await readFile(join(folder, 'rest')), Buffer.from(bytes));
});

test('what the fleet server does not have is missing', async () => {
  const unknown = '0'.repeat(64);
  await assert.rejects(source.fetchManifest(unknown, signal()), { code: 'BUNDLE_FILE_MISSING' });
  const fetching = source.fetchFile({ sha256: unknown, sizeBytes: 1 }, join(folder, 'none'), signal());
  await assert.rejects(fetching, { code: 'BUNDLE_FILE_MISSING' });
});
