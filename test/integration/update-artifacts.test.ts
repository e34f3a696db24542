import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { createHttpArtifacts } from '../../agent/src/download/http-artifacts.ts';
import { receiveFile } from '../../agent/src/download/part-file.ts';
import { TryLaterError } from '../../agent/src/download/port.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { sha256Hex } from '../../shared/src/kernel/digest.ts';
import { artifactSourceContract } from '../contract/artifact-source-contract.ts';
import { type ArtifactServer, startArtifactServer } from '../support/artifact-server.ts';
import { createFakeArtifactSource } from '../support/fake-artifact-source.ts';
import { contentOf, flipByte, makeBundle, makeBytes } from '../support/test-bundle.ts';

artifactSourceContract('HttpArtifacts', async () => {
  const artifacts = await startArtifactServer();
  return {
    source: createHttpArtifacts({ serverUrl: artifacts.url, authorization: 'Basic eDp5' }),
    publish: artifacts.publish,
    serve: (sha256, bytes) => {
      if (bytes === undefined) artifacts.bodies.delete(`artifacts/${sha256}`);
      else artifacts.bodies.set(`artifacts/${sha256}`, bytes);
    },
    interrupt: (sha256) => artifacts.break(`artifacts/${sha256}`, { kind: 'cut', afterBytes: 70_000 }),
    close: artifacts.close,
  };
});

artifactSourceContract('FakeArtifactSource', async () => {
  const fake = createFakeArtifactSource();
  return {
    source: fake,
    publish: fake.publish,
    serve: (sha256, bytes) => {
      if (bytes === undefined) fake.files.delete(sha256);
      else fake.files.set(sha256, bytes);
    },
    interrupt: () => fake.failNext(agentError('DOWNLOAD_FAILED', 'the connection broke')),
    close: async () => undefined,
  };
});

const BUNDLE = makeBundle({ files: { 'model.onnx': makeBytes(300_000, 3) } });
const { sha256, bytes } = contentOf(BUNDLE, 'model.onnx');
const FILE = { sha256, sizeBytes: bytes.length };
const ARTIFACT = `artifacts/${sha256}`;

let server: ArtifactServer;
let folder = '';
let path = '';
beforeEach(async () => {
  server = await startArtifactServer();
  server.publish(BUNDLE);
  folder = await mkdtemp(join(tmpdir(), 'watchpost-artifacts-'));
  path = join(folder, 'file');
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const connect = (stallMs?: number) =>
  createHttpArtifacts({
    serverUrl: `${server.url}/`,
    authorization: 'Basic Z2F0ZS0zOnM=',
    ...(stallMs === undefined ? {} : { stallMs }),
  });
const fetchFile = (stallMs?: number) => connect(stallMs).fetchFile(FILE, path, AbortSignal.timeout(20_000));
const assertArrived = async () => assert.deepEqual(await readFile(path), Buffer.from(bytes));

test('the box says who it is at every request', async () => {
  await connect().fetchManifest(BUNDLE.digest, AbortSignal.timeout(20_000));
  await fetchFile();
  assert.deepEqual(
    server.seen.map(({ authorization }) => authorization),
    ['Basic Z2F0ZS0zOnM=', 'Basic Z2F0ZS0zOnM='],
  );
});

test('an interrupted download goes on where it stopped', async () => {
  server.break(ARTIFACT, { kind: 'cut', afterBytes: 100_000 }, { kind: 'cut', afterBytes: 50_000 });
  await assert.rejects(fetchFile(), { code: 'DOWNLOAD_FAILED' });
  const first = (await stat(`${path}.part`)).size;
  assert.ok(first > 0 && first <= 100_000, `${first} bytes were kept`);
  await assert.rejects(fetchFile(), { code: 'DOWNLOAD_FAILED' });
  const second = (await stat(`${path}.part`)).size;
  await fetchFile();
  await assertArrived();
  assert.deepEqual(
    server.seen.map(({ range }) => range),
    [undefined, `bytes=${first}-`, `bytes=${second}-`],
  );
  assert.equal(server.seen.at(-1)?.sentBytes, bytes.length - second);
});

test('a part that a power cut damaged is thrown away, and the file comes whole', async () => {
  await writeFile(`${path}.part`, flipByte(bytes.subarray(0, 120_000), 60_000));
  await fetchFile();
  await assertArrived();
  assert.deepEqual(
    server.seen.map(({ range }) => range),
    ['bytes=120000-', undefined],
  );
});

test('a part that is complete needs no request', async () => {
  await writeFile(`${path}.part`, bytes);
  await fetchFile();
  await assertArrived();
  assert.equal(server.seen.length, 0);
});

test('a part longer than the file is begun anew', async () => {
  await writeFile(`${path}.part`, Buffer.concat([bytes, bytes]));
  await fetchFile();
  await assertArrived();
});

test('a server that knows no ranges sends the file from its start', async () => {
  await writeFile(`${path}.part`, bytes.subarray(0, 1000));
  server.break(ARTIFACT, { kind: 'no ranges' });
  await fetchFile();
  await assertArrived();
});

test('a server that tags the file otherwise costs no byte that is here already', async () => {
  await writeFile(`${path}.part`, bytes.subarray(0, 120_000));
  server.break(ARTIFACT, { kind: 'other tag' });
  await fetchFile();
  await assertArrived();
  assert.deepEqual(
    server.seen.map(({ range }) => range),
    ['bytes=120000-', 'bytes=120000-'],
  );
});

test('when the file behind the tag is another one, the download starts anew and is checked', async () => {
  await writeFile(`${path}.part`, flipByte(bytes).subarray(0, 120_000));
  server.break(ARTIFACT, { kind: 'other tag' });
  await fetchFile();
  await assertArrived();
  assert.equal(server.seen.at(-1)?.range, undefined);
});

test('a line that drips is given up, however steadily; a slow one is not', async () => {
  const slow = await startArtifactServer({ bytesPerSec: 1024 * 1024 });
  try {
    slow.publish(BUNDLE);
    const fetchSlowly = (minBytesPerSec: number) =>
      createHttpArtifacts({
        serverUrl: slow.url,
        authorization: 'Basic eDp5',
        slowest: { minBytesPerSec, windowMs: 100 },
      }).fetchFile(FILE, path, AbortSignal.timeout(20_000));
    await assert.rejects(fetchSlowly(64 * 1024 * 1024), {
      code: 'DOWNLOAD_FAILED',
      message: /stalled: under/,
    });
    await fetchSlowly(1024);
    await assertArrived();
  } finally {
    await slow.close();
  }
});

test('downloads stay under the limit of the box', async () => {
  const source = createHttpArtifacts({
    serverUrl: server.url,
    authorization: 'Basic eDp5',
    maxBytesPerSec: 200_000,
  });
  const startedAtMs = performance.now();
  await source.fetchFile(FILE, path, AbortSignal.timeout(20_000));
  await assertArrived();
  // A burst of 200,000 bytes comes at once, the other 100,000 at their pace.
  assert.ok(performance.now() - startedAtMs >= 450);
});

const MiB = 1024 * 1024;
for (const [what, bootId, resumedAt] of [
  ['after a power cut the download goes on behind what was synced', 'another start', 4 * MiB],
  ['after a kill the download goes on behind what was written', undefined, 5 * MiB],
] as const) {
  test(what, async () => {
    const content = makeBytes(6 * MiB, 9);
    const large = { sha256: sha256Hex(content), sizeBytes: content.length };
    const at: number[] = [];
    const openBytes = (endByte: number) => async (fromByte: number) => {
      at.push(fromByte);
      const chunks = async function* () {
        for (let byte = fromByte; byte < endByte; byte += MiB) yield content.subarray(byte, byte + MiB);
      };
      return { startByte: fromByte, chunks: chunks() };
    };
    await assert.rejects(receiveFile(large, path, openBytes(5 * MiB)), { code: 'DOWNLOAD_FAILED' });
    const journal = JSON.parse(await readFile(`${path}.part.journal`, 'utf8'));
    assert.equal(journal.syncedBytes, 4 * MiB);
    if (bootId !== undefined) {
      await writeFile(`${path}.part.journal`, JSON.stringify({ ...journal, bootId }));
      const part = await readFile(`${path}.part`);
      await writeFile(`${path}.part`, part.fill(0, 4 * MiB));
    }
    await receiveFile(large, path, openBytes(6 * MiB));
    assert.deepEqual(at, [0, resumedAt]);
    assert.deepEqual(await readdir(folder), ['file']);
  });
}

test('a connection that stalls is given up, and what came is kept', async () => {
  server.break(ARTIFACT, { kind: 'stall', afterBytes: 100_000 });
  await assert.rejects(fetchFile(200), { code: 'DOWNLOAD_FAILED', message: /stalled/ });
  assert.ok((await stat(`${path}.part`)).size <= 100_000);
  assert.deepEqual(await readdir(folder), ['file.part']);
});

test('a file that is longer than announced is another file', async () => {
  server.bodies.set(ARTIFACT, Buffer.concat([bytes, Buffer.from('more')]));
  await assert.rejects(fetchFile(), { code: 'BUNDLE_DIGEST_MISMATCH' });
  assert.deepEqual(await readdir(folder), []);
});

test('a file that is shorter than announced is another file, found at the second try', async () => {
  server.bodies.set(ARTIFACT, bytes.subarray(0, 1000));
  await assert.rejects(fetchFile(), { code: 'DOWNLOAD_FAILED' });
  await assert.rejects(fetchFile(), { code: 'BUNDLE_DIGEST_MISMATCH' });
});

test('a busy server names the pause it wants', async () => {
  server.break(ARTIFACT, { kind: 'status', status: 503, retryAfter: '7' });
  await assert.rejects(fetchFile(), (error: unknown) => {
    assert.ok(error instanceof TryLaterError);
    assert.equal(error.code, 'SERVER_UNREACHABLE');
    assert.equal(error.retryAfterMs, 7000);
    return true;
  });
});

for (const [status, code] of [
  [500, 'SERVER_UNREACHABLE'],
  [401, 'DOWNLOAD_FAILED'],
  [410, 'BUNDLE_FILE_MISSING'],
] as const) {
  test(`HTTP ${status} is ${code}, and the error names address and status`, async () => {
    server.break(ARTIFACT, { kind: 'status', status });
    await assert.rejects(fetchFile(), (error: Error & { code?: string }) => {
      assert.equal(error.code, code);
      assert.ok(error.message.includes(`/api/v1/${ARTIFACT}`));
      return true;
    });
  });
}

test('when nobody listens, the server is unreachable', async () => {
  const source = connect();
  await server.close();
  const fetching = source.fetchManifest(BUNDLE.digest, AbortSignal.timeout(20_000));
  await assert.rejects(fetching, { code: 'SERVER_UNREACHABLE' });
  server = await startArtifactServer();
});

test('on a full disk the download stops, keeps its part, and goes on when there is room', async (t) => {
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { encoding: 'utf8' });
  if (mount.status !== 0) return t.skip(`cannot mount a small disk: ${mount.stderr || mount.error?.message}`);
  try {
    const ballast = join(folder, 'ballast');
    await writeFile(ballast, makeBytes(100_000));
    await assert.rejects(fetchFile(), { code: 'DISK_FULL' });
    const kept = (await stat(`${path}.part`)).size;
    assert.ok(kept > 0 && kept < bytes.length);
    spawnSync('mount', ['-o', 'remount,size=2m', folder]);
    await fetchFile();
    await assertArrived();
    assert.equal(server.seen.at(-1)?.range, `bytes=${kept}-`);
  } finally {
    spawnSync('umount', [folder]);
  }
});
