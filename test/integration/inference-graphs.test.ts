import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { PREPROCESS_PRESETS } from '@watchpost/shared/bundle/preprocess.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createChildProcessHost } from '../../agent/src/inference/child-process-host.ts';
import { openGraphFiles } from '../../agent/src/inference/graph-files.ts';
import { onnxRuntime } from '../../agent/src/inference/onnx-runtime.ts';
import type { ModelSpec, Prediction } from '../../agent/src/inference/port.ts';
import { befriend, turnHostile } from '../support/hostile-inference.ts';
import { DATA, NEEDS_DATA, PETPARK } from '../support/real-data.ts';
import { tinySpec } from '../support/tiny-spec.ts';

const RED = Uint8Array.from({ length: 24 }, (_, index) => (index % 3 === 0 ? 200 : 10));
let root = '';
let folder = '';

before(() => {
  root = mkdtempSync(join(tmpdir(), 'watchpost-graphs-'));
});
after(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  folder = join(root, 'graphs');
});
afterEach(() => {
  befriend();
  rmSync(folder, { recursive: true, force: true });
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const names = (): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

function specOf(change: Partial<ModelSpec> = {}): ModelSpec {
  const spec = { ...tinySpec(root), ...change };
  return { ...spec, graphs: { folder, sha256: sha256(readFileSync(spec.path)) } };
}

async function classifyOnce(spec: ModelSpec): Promise<Prediction> {
  const classifier = await onnxRuntime.load(spec);
  try {
    return await classifier.classify(RED);
  } finally {
    await classifier.release();
  }
}

test('the first start keeps the graph, the second one loads it and gives the same', async () => {
  const spec = specOf();
  const first = await classifyOnce(spec);
  const [name = '', ...more] = names();
  assert.deepEqual(more, []);
  assert.ok(
    name.startsWith(`${spec.graphs?.sha256}-`) && name.endsWith(sha256(readFileSync(join(folder, name)))),
  );
  assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
  // Whatever the file of the model is now, it was checked before: the graph is what is loaded.
  writeFileSync(spec.path, 'no model');
  assert.deepEqual((await classifyOnce(spec)).probabilities, first.probabilities);
  assert.deepEqual(names(), [name]);
});

test('a damaged graph is set aside and made anew', async () => {
  const spec = specOf();
  await classifyOnce(spec);
  const [name = ''] = names();
  const sound = readFileSync(join(folder, name));
  writeFileSync(join(folder, name), sound.fill(0, 10, 20));
  assert.equal((await classifyOnce(spec)).label, 'red');
  assert.deepEqual(names().toSorted(), [name, 'damaged'].toSorted());
  assert.equal(sha256(readFileSync(join(folder, name))), name.slice(-64));
});

test('a graph with the right digest that cannot be loaded is set aside and made anew', async () => {
  const spec = specOf();
  await classifyOnce(spec);
  const [name = ''] = names();
  const nonsense = new TextEncoder().encode('no graph');
  rmSync(join(folder, name));
  writeFileSync(join(folder, name.replace(/[^-]+$/, sha256(nonsense))), nonsense);
  assert.equal((await classifyOnce(spec)).label, 'red');
  assert.deepEqual(names().toSorted(), [name, 'damaged'].toSorted());
});

test('a graph of another model, or made for another box, is not taken', async () => {
  const of = (sha: string, madeFor: string) =>
    openGraphFiles({ folder, sha256: sha, path: tinySpec(root).path, madeFor: [madeFor] });
  const files = of('a'.repeat(64), 'this box');
  const draft = await files.begin();
  assert.ok(draft !== undefined);
  writeFileSync(draft, 'graph');
  await files.keep();
  assert.ok(await files.find());
  assert.equal(await of('b'.repeat(64), 'this box').find(), undefined);
  assert.equal(await of('a'.repeat(64), 'another box').find(), undefined);
});

test('where the folder cannot be made, the model is loaded all the same', async () => {
  writeFileSync(folder, 'a file in its place');
  assert.equal((await classifyOnce(specOf())).label, 'red');
});

for (const [name, limits] of [
  ['all graphs together may take no more', { maxBytes: 10, reserveBytes: 0 }],
  ['the disk would be too full', { maxBytes: 1e9, reserveBytes: 1e18 }],
] as const)
  test(`where ${name}, no graph is kept`, async () => {
    const { path, graphs } = specOf();
    const files = openGraphFiles({ folder, path, madeFor: [], sha256: graphs?.sha256 ?? '' }, limits);
    assert.equal(await files.begin(), undefined);
  });

test('a file that is no model leaves no graph behind', async () => {
  const path = join(root, 'broken.onnx');
  writeFileSync(path, 'no model');
  await assert.rejects(classifyOnce(specOf({ path })), { code: 'MODEL_UNREADABLE' });
  assert.deepEqual(names(), []);
});

test('a graph that takes its process along is not met twice, nor at the next start', async () => {
  await classifyOnce(specOf());
  turnHostile('abort at graphs');
  const warned: string[] = [];
  const log = { ...silentLogger, warn: (_facts: object, message: string) => void warned.push(message) };
  const classifier = await createChildProcessHost({ log, random: () => 0 }).start(specOf());
  assert.equal((await classifier.classify(RED)).label, 'red');
  assert.deepEqual(warned, ['model is loaded as its file is, on the processor']);
  await classifier.release();
  assert.deepEqual(names(), ['damaged']);
});

test('what a process that was killed had begun goes, what another has begun stays', async () => {
  mkdirSync(folder);
  const [old, young] = ['old', 'young'].map((name) => `${sha256(Buffer.from(name))}-made-for-7.draft`);
  for (const name of [old, young]) writeFileSync(join(folder, name as string), 'half a graph');
  const hourAgo = new Date(Date.now() - 3_600_000);
  utimesSync(join(folder, old as string), hourAgo, hourAgo);
  await classifyOnce(specOf());
  assert.deepEqual(
    names().filter((name) => name.endsWith('.draft')),
    [young],
  );
});

for (const [file, change] of [
  ['petpark_v2_int8_u8nhwc.onnx', { layout: 'NHWC', dtype: 'uint8' }],
  ['petpark_v2_fp32.onnx', { layout: 'NCHW', dtype: 'float32' }],
] as const)
  test(`${file}: what is kept saves memory and gives the same`, NEEDS_DATA, async (t) => {
    const spec = specOf({
      path: join(DATA, 'models', file),
      input: { ...PETPARK.input, ...change },
      preprocess: PREPROCESS_PRESETS.tf,
      output: PETPARK.output,
    });
    const picture = Uint8Array.from({ length: 224 * 224 * 3 }, (_, index) => (index * 97) % 251);
    const host = createChildProcessHost({ log: silentLogger, random: () => 0 });
    const run = async () => {
      const startedMs = performance.now();
      const classifier = await host.start(spec);
      const loadMs = performance.now() - startedMs;
      const { probabilities } = await classifier.classify(picture);
      const megabytes = ((await classifier.peakMemoryBytes()) ?? 0) / 1e6;
      await classifier.release();
      return { probabilities, told: `${loadMs.toFixed(0)} ms to load, ${megabytes.toFixed(0)} MB at most` };
    };
    const [made, kept] = [await run(), await run()];
    t.diagnostic(`made ready: ${made.told}; as kept: ${kept.told}`);
    assert.deepEqual(kept.probabilities, made.probabilities);
  });
