import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { openFileBundleStore } from '../../agent/src/update/file-bundle-store.ts';
import { type ArtifactServer, type Fault, startArtifactServer } from '../support/artifact-server.ts';
import { createRandom } from '../support/random.ts';
import { contentOf, makeBundle } from '../support/test-bundle.ts';
import { until } from '../support/until.ts';

const SIZE_BYTES = 100 * 1024 * 1024;
/** Slower than the box: what is on its way when the box is killed is what the line holds, no more. */
const LINE_BYTES_PER_SEC = 24 * 1024 * 1024;
const CUTS = 30;
const KILLS = 4;
const SEED = Number(process.env.WATCHPOST_SEED ?? Date.now() % 1_000_000);

/** What goes wrong, by how much of the file was sent before: each cut ends one answer. */
function composeFaults(random: () => number): readonly Fault[] {
  const points = Array.from({ length: CUTS }, () => Math.floor(random() * SIZE_BYTES)).sort((a, b) => a - b);
  const lengths = points.map((point, index) => point - (points[index - 1] ?? 0));
  return lengths.flatMap((afterBytes, index): readonly Fault[] => [
    ...(index % 10 === 5 ? [{ kind: 'other tag' } as const] : []),
    { kind: 'cut', afterBytes },
  ]);
}

test('a bundle of 100 MB survives cuts, kills, a restart of the server and a wrong entity tag', async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const random = createRandom(SEED);
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-100mb-'));
  const model = randomBytes(SIZE_BYTES);
  const bundle = makeBundle({ files: { 'model.onnx': model } });
  const { sha256 } = contentOf(bundle, 'model.onnx');
  let server: ArtifactServer = await startArtifactServer({ bytesPerSec: LINE_BYTES_PER_SEC });
  let agent: ChildProcess | undefined;
  let stopped = { answers: 0, bytes: 0 };
  const sentBytes = () => stopped.bytes + server.wireBytes();
  t.after(async () => {
    agent?.kill('SIGKILL');
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  server.publish(bundle);
  server.break(`artifacts/${sha256}`, ...composeFaults(random));
  const startAgent = () =>
    spawn(
      process.execPath,
      [join(import.meta.dirname, '../support/downloading-agent.ts'), server.url, folder, bundle.digest],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
  const restartServer = async () => {
    const { port } = new URL(server.url);
    const faults = server.remaining(`artifacts/${sha256}`);
    await server.close();
    stopped = { answers: stopped.answers + server.seen.length, bytes: sentBytes() };
    server = await startArtifactServer({
      port: Number(port),
      bytesPerSec: LINE_BYTES_PER_SEC,
    });
    server.publish(bundle);
    server.break(`artifacts/${sha256}`, ...faults);
  };

  agent = startAgent();
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const at = SIZE_BYTES * ((kill - 0.5 + random() * 0.5) / (KILLS + 1));
    await until(`${Math.round(at)} bytes were sent`, () => sentBytes() >= at);
    agent.kill('SIGKILL');
    await once(agent, 'exit');
    if (kill === 2) await restartServer();
    agent = startAgent();
  }
  const [code] = (await once(agent, 'exit')) as [number | null];
  assert.equal(code, 0);

  const bundles = await openFileBundleStore({ dataDir: folder, log: silentLogger });
  assert.deepEqual(await bundles.listMissing(bundle.manifest), []);
  assert.ok(model.equals(await readFile(bundles.objectPath({ sha256 }))), 'byte for byte the same');
  assert.deepEqual(server.remaining(`artifacts/${sha256}`), []);
  const ratio = sentBytes() / SIZE_BYTES;
  t.diagnostic(`${stopped.answers + server.seen.length} answers, ${ratio.toFixed(3)} x the size`);
  assert.ok(ratio < 1.2, `${ratio.toFixed(3)} x the size was sent`);
});
