import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import {
  type ChildProcessHostDeps,
  createChildProcessHost,
} from '../../agent/src/inference/child-process-host.ts';
import type { HostedClassifier } from '../../agent/src/inference/port.ts';
import { childPids, isAlive, waitUntilGone } from '../support/child-processes.ts';
import { befriend, turnHostile } from '../support/hostile-inference.ts';
import { tinySpec } from '../support/tiny-spec.ts';

const RED = Uint8Array.from({ length: 24 }, (_, index) => (index % 3 === 0 ? 200 : 10));
const MB = 1024 * 1024;
let folder = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpost-guards-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  befriend();
  assert.deepEqual(childPids(process.pid, 'inference-child'), [], 'no process is left');
});

interface Hosted {
  readonly classifier: HostedClassifier;
  readonly pid: number;
  readonly restarts: readonly string[];
  /** Pauses before each restart, as logged. */
  readonly pauses: readonly unknown[];
}

async function startOne(deps: Partial<ChildProcessHostDeps> = {}, signal?: AbortSignal): Promise<Hosted> {
  const restarts: string[] = [];
  const pauses: unknown[] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (facts) => 'pauseMs' in facts && pauses.push(facts.pauseMs),
  };
  const onRestart: ChildProcessHostDeps['onRestart'] = ({ why }) => restarts.push(why.code);
  const host = createChildProcessHost({ log, random: () => 0, onRestart, ...deps });
  const classifier = await host.start(tinySpec(folder), signal);
  const [pid] = childPids(process.pid, 'inference-child');
  assert.ok(pid !== undefined);
  return { classifier, pid, restarts, pauses };
}

test('when a process takes more memory than it may, another one takes its place', async (t) => {
  turnHostile('leak');
  const limits = { memoryIntervalMs: 20 };
  const { classifier, pid, restarts } = await startOne({ maxMemoryBytes: 400 * MB, limits });
  befriend();
  await classifier.classify(RED).catch((error: unknown) => {
    // The guard may be faster than the answer.
    assert.equal((error as { code?: string }).code, 'INFERENCE_MEMORY');
  });
  await waitUntilGone(pid, t.signal);
  assert.equal((await classifier.classify(RED)).label, 'red');
  assert.deepEqual(restarts, ['INFERENCE_MEMORY']);
  await classifier.release();
});

test('a model that needs more memory than it may is not loaded', async () => {
  const host = createChildProcessHost({
    log: silentLogger,
    random: () => 0,
    maxMemoryBytes: 20 * MB,
    limits: { memoryIntervalMs: 20 },
  });
  await assert.rejects(host.start(tinySpec(folder)), { code: 'INFERENCE_MEMORY', message: /20971520/ });
});

test('the first restart is immediate, those after further crashes in a row are not', async () => {
  turnHostile('abort');
  const { classifier, restarts, pauses } = await startOne();
  const crash = (): Promise<void> =>
    assert.rejects(classifier.classify(RED), { code: 'INFERENCE_CRASHED', message: /SIGABRT/ });
  await crash();
  await crash();
  await crash();
  assert.deepEqual(pauses, [0, 25]);
  befriend();
  assert.equal((await classifier.classify(RED)).label, 'red');
  assert.deepEqual(restarts, ['INFERENCE_CRASHED', 'INFERENCE_CRASHED', 'INFERENCE_CRASHED']);
  await classifier.release();
});

test('after a prediction, a crash is the first in a row again', async (t) => {
  const { classifier, pid, pauses } = await startOne();
  process.kill(pid, 'SIGSEGV');
  await waitUntilGone(pid, t.signal);
  await classifier.classify(RED).catch(() => undefined);
  await classifier.classify(RED);
  const [second] = childPids(process.pid, 'inference-child');
  assert.ok(second !== undefined);
  process.kill(second, 'SIGSEGV');
  await waitUntilGone(second, t.signal);
  await classifier.classify(RED).catch(() => undefined);
  await classifier.classify(RED);
  assert.deepEqual(pauses, [0, 0]);
  await classifier.release();
});

test('a process that computes for ever is replaced like one that is stopped', async () => {
  turnHostile('hang');
  const { classifier, restarts } = await startOne({ limits: { classifyMs: 300 } });
  befriend();
  await assert.rejects(classifier.classify(RED), { code: 'INFERENCE_TIMEOUT' });
  assert.equal((await classifier.classify(RED)).label, 'red');
  assert.deepEqual(restarts, ['INFERENCE_TIMEOUT']);
  await classifier.release();
});

test('a process that is stopped while it loads is killed at the limit', async () => {
  const host = createChildProcessHost({ log: silentLogger, random: () => 0, limits: { loadMs: 300 } });
  const loading = host.start(tinySpec(folder));
  const [pid] = childPids(process.pid, process.execPath);
  assert.ok(pid !== undefined);
  process.kill(pid, 'SIGSTOP');
  await assert.rejects(loading, { code: 'INFERENCE_TIMEOUT', message: /load/ });
  assert.equal(isAlive(pid), false);
});

test('a process that hangs does not hold up its release for long', async () => {
  turnHostile('hang');
  const { classifier, pid } = await startOne({ limits: { releaseMs: 100 } });
  const inFlight = assert.rejects(classifier.classify(RED), { code: 'INFERENCE_CRASHED' });
  await classifier.release();
  await inFlight;
  assert.equal(isAlive(pid), false);
});

test('when its signal is aborted, the process ends at once and for good', async (t) => {
  turnHostile('hang');
  const giveUp = new AbortController();
  const { classifier, pid, restarts } = await startOne({}, giveUp.signal);
  const inFlight = assert.rejects(classifier.classify(RED), { code: 'INFERENCE_CRASHED' });
  giveUp.abort();
  await inFlight;
  await waitUntilGone(pid, t.signal);
  await assert.rejects(classifier.classify(RED), { code: 'INFERENCE_CRASHED' });
  assert.deepEqual(restarts, []);
  await classifier.release();
});

test('a signal that is already aborted leaves no process', async () => {
  await assert.rejects(startOne({}, AbortSignal.abort()), { code: 'INFERENCE_CRASHED' });
});

test('when memory runs out, the inference process is the first to go', async () => {
  const { classifier, pid } = await startOne();
  assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim(), '800');
  await classifier.release();
});

test('the peak of its memory is that of the present process', async () => {
  const { classifier } = await startOne();
  assert.ok(((await classifier.peakMemoryBytes()) ?? 0) > 20 * MB);
  await classifier.release();
  assert.equal(await classifier.peakMemoryBytes(), undefined);
});
