import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { GoldenFrame, Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createProblemFinder } from '@watchpost/shared/kernel/parse.ts';
import { SelfTestFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import sharp from 'sharp';
import {
  type ChildProcessHostDeps,
  createChildProcessHost,
} from '../../agent/src/inference/child-process-host.ts';
import { checkGoldenFrames } from '../../agent/src/inference/golden.ts';
import { hasRuntime } from '../../agent/src/inference/local-runtime.ts';
import type { SelfTestResult, SelfTestSettings } from '../../agent/src/inference/port.ts';
import { createSelfTest, type SelfTestDeps } from '../../agent/src/inference/self-test.ts';
import { systemClock } from '../../agent/src/kernel/system-clock.ts';
import { childPids } from '../support/child-processes.ts';
import { befriend, turnHostile } from '../support/hostile-inference.ts';
import { type VariantBundle, type VariantContent, writeVariants } from '../support/variant-bundle.ts';

const MB = 1024 * 1024;
const SETTINGS: SelfTestSettings = { spinning: false, maxMemoryBytes: 768 * MB, cores: 1 };
const SLOW = { ballast: { side: 400, products: 4 } };
const LARGE = { ballast: { side: 7_000, products: 0 } };
/** softmax([250 * 0.02, 0, 0]) */
const RED: GoldenFrame = { file: 'red.png', probabilities: [0.9867, 0.00665, 0.00665], tolerance: 0.001 };
let folder = '';

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'watchpost-self-test-'));
  await sharp({ create: { width: 4, height: 2, channels: 3, background: { r: 250, g: 0, b: 0 } } })
    .png()
    .toFile(join(folder, 'red.png'));
});
after(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  befriend();
  assert.deepEqual(childPids(process.pid, 'inference-child'), [], 'no process is left');
});

interface Change {
  readonly settings?: Partial<SelfTestSettings>;
  readonly host?: Partial<ChildProcessHostDeps>;
  readonly deps?: Partial<SelfTestDeps>;
  readonly signal?: AbortSignal;
}

async function selfTest(bundle: VariantBundle, change: Change = {}): Promise<SelfTestResult> {
  const settings = { ...SETTINGS, ...change.settings };
  const { maxMemoryBytes } = settings;
  const run = createSelfTest({
    host: createChildProcessHost({ log: silentLogger, random: () => 0, maxMemoryBytes, ...change.host }),
    checkGoldenFrames,
    readCpuFeatures: async () => new Set(['avx2']),
    hasRuntime,
    clock: systemClock,
    log: silentLogger,
    ...change.deps,
  });
  const result = await run(bundle, settings, change.signal ?? new AbortController().signal);
  assert.deepEqual(createProblemFinder(SelfTestFindings)(result.findings), []);
  return result;
}

const rowsOf = ({ findings }: SelfTestResult): readonly string[] =>
  findings.trials.map(({ variant, threads, outcome, code }) =>
    [variant, threads, outcome, code].filter((part) => part !== undefined).join(' '),
  );

test('a sound bundle passes with each number of threads, measured and weighed', async () => {
  const result = await selfTest(await writeVariants(folder, { fp32: {} }, { golden: [RED] }), {
    settings: { cores: 2 },
  });
  assert.ok(result.kind === 'passed');
  assert.deepEqual(rowsOf(result), ['fp32 1 passed', 'fp32 2 passed']);
  assert.deepEqual(result.findings.chosen, result.choice);
  for (const { inferMs, rssBytes } of result.findings.trials) {
    assert.ok(inferMs !== undefined && inferMs.p50 > 0 && inferMs.p95 >= inferMs.p50);
    assert.ok((rssBytes ?? 0) > 20 * MB);
  }
});

test('of two sound variants the faster one is chosen', async () => {
  const result = await selfTest(await writeVariants(folder, { heavy: SLOW, light: {} }));
  assert.ok(result.kind === 'passed');
  assert.deepEqual(result.choice, { variant: 'light', threads: 1 });
});

test('a number of threads that is configured is the only one tried', async () => {
  const result = await selfTest(await writeVariants(folder, { fp32: {} }), {
    settings: { threads: 3, cores: 8 },
  });
  assert.deepEqual(rowsOf(result), ['fp32 3 passed']);
});

test('variants that fail do not fail the one that passes', async () => {
  const bundle = await writeVariants(
    folder,
    {
      text: new TextEncoder().encode('no model'),
      nan: { factor: Number.NaN },
      other: { factor: 1 },
      fp32: {},
    },
    { golden: [RED] },
  );
  const result = await selfTest(bundle);
  assert.deepEqual(rowsOf(result), [
    'text 1 failed MODEL_UNREADABLE',
    'nan 1 failed MODEL_OUTPUT_INVALID',
    'other 1 failed SELFTEST_FAILED',
    'fp32 1 passed',
  ]);
  assert.ok(result.kind === 'passed');
  assert.deepEqual(result.choice, { variant: 'fp32', threads: 1 });
});

const UNFIT = new TextEncoder().encode('never read');
const BAD_MODELS: readonly (readonly [string, VariantContent, Partial<Manifest>, string, RegExp])[] = [
  [
    'gives other results than where it was built',
    { factor: 1 },
    { golden: [RED] },
    'SELFTEST_FAILED',
    /red\.png/,
  ],
  ['gives NaN', { factor: Number.NaN }, {}, 'MODEL_OUTPUT_INVALID', /distribution/],
  ['gives NaN for dark pictures only', { logAbove: 100 }, {}, 'MODEL_OUTPUT_INVALID', /distribution/],
  ['takes pictures of another size', { width: 8 }, {}, 'MODEL_MISMATCH', /8,3\]/],
  ['is no model', UNFIT, {}, 'MODEL_UNREADABLE', /fp32\.onnx/],
  ['is slower than required', SLOW, { requires: { latencyMs: 0.5 } }, 'SELFTEST_TOO_SLOW', /0\.5 ms/],
  ['takes more memory than it says', {}, { requires: { ramBytes: 10 * MB } }, 'SELFTEST_MEMORY', /10485760/],
];
for (const [name, content, manifest, code, detail] of BAD_MODELS)
  test(`a model that ${name} ends with ${code}`, async () => {
    const result = await selfTest(await writeVariants(folder, { fp32: content }, manifest));
    assert.ok(result.kind === 'failed');
    assert.equal(result.code, code);
    assert.match(result.detail, detail);
    assert.deepEqual(rowsOf(result), [`fp32 1 failed ${code}`]);
  });

test('a model that takes more memory than the box gives ends with SELFTEST_MEMORY', async () => {
  const result = await selfTest(await writeVariants(folder, { fp32: LARGE }), {
    settings: { maxMemoryBytes: 256 * MB },
  });
  assert.ok(result.kind === 'failed');
  assert.equal(result.code, 'SELFTEST_MEMORY');
});

for (const [deed, code, change] of [
  ['abort', 'INFERENCE_CRASHED', {}],
  ['leak', 'SELFTEST_MEMORY', { settings: { maxMemoryBytes: 300 * MB } }],
  ['hang', 'SELFTEST_TOO_SLOW', { host: { limits: { classifyMs: 300 } } }],
] as const)
  test(`a model that makes its process ${deed} ends with ${code}, and the agent lives`, async () => {
    turnHostile(deed);
    const result = await selfTest(await writeVariants(folder, { fp32: {} }), {
      ...change,
      settings: { cores: 2, ...('settings' in change ? change.settings : {}) },
    });
    assert.ok(result.kind === 'failed');
    assert.equal(result.code, code);
    assert.deepEqual(rowsOf(result), [`fp32 1 failed ${code}`, `fp32 2 failed ${code}`]);
  });

test('a trial that takes too long is ended, and the next one begun', async () => {
  turnHostile('hang');
  const result = await selfTest(await writeVariants(folder, { fp32: {} }), {
    settings: { cores: 2 },
    deps: { limits: { trialMs: 500 } },
  });
  assert.ok(result.kind === 'failed');
  assert.match(result.detail, /longer than 0\.5 s/);
  assert.deepEqual(rowsOf(result), ['fp32 1 failed SELFTEST_TOO_SLOW', 'fp32 2 failed SELFTEST_TOO_SLOW']);
});

test('when the time is over, what was not tried is said to be left out', async () => {
  const bundle = await writeVariants(folder, { fp32: {} });
  const result = await selfTest(bundle, { deps: { limits: { totalMs: 0 } } });
  assert.ok(result.kind === 'failed');
  assert.equal(result.code, 'BUNDLE_UNFIT');
  assert.match(result.detail, /time/);
});

test('variants this box cannot run are left out with the reason', async () => {
  const { manifest } = await writeVariants(folder, { fp32: {} });
  const [fp32] = manifest.variants;
  assert.ok(fp32 !== undefined);
  const variants = [
    { ...fp32, name: 'u8s8', cpuFeatures: ['avx512_vnni'] },
    { ...fp32, name: 'tfjs', runtime: 'tfjs' as const },
  ];
  const result = await selfTest(
    { manifest: { ...manifest, variants }, folder },
    { deps: { hasRuntime: (runtime) => runtime === 'onnx' } },
  );
  assert.ok(result.kind === 'failed');
  assert.deepEqual(rowsOf(result), ['u8s8 1 skipped BUNDLE_UNFIT', 'tfjs 1 skipped BUNDLE_UNFIT']);
  assert.match(result.detail, /lacks avx512_vnni.*tfjs is not installed/);
});

test('when it is given up, the process ends at once', async () => {
  turnHostile('hang');
  const giveUp = new AbortController();
  const testing = selfTest(await writeVariants(folder, { fp32: {} }), { signal: giveUp.signal });
  const ended = assert.rejects(testing, { name: 'AbortError' });
  while (childPids(process.pid, 'inference-child').length === 0) await delay(10);
  giveUp.abort();
  await ended;
});

test('an order given up before it begins starts no process', async () => {
  const bundle = await writeVariants(folder, { fp32: {} });
  await assert.rejects(selfTest(bundle, { signal: AbortSignal.abort() }), { name: 'AbortError' });
});
