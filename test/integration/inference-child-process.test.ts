import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createChildProcessHost } from '../../agent/src/inference/child-process-host.ts';
import type { Classifier } from '../../agent/src/inference/port.ts';
import { classifierContract } from '../contract/classifier-contract.ts';
import { childPids, isAlive, waitUntilGone } from '../support/child-processes.ts';
import { tinySpec } from '../support/tiny-spec.ts';

const ENTRY = 'inference-child';
const RED = Uint8Array.from({ length: 24 }, (_, index) => (index % 3 === 0 ? 200 : 10));
const host = createChildProcessHost({ log: silentLogger, random: () => 0 });
let folder = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpost-inference-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

classifierContract('child process', host.start, () => tinySpec(folder));

async function startOne(from = host): Promise<{ classifier: Classifier; pid: number }> {
  const older = childPids(process.pid, ENTRY);
  const classifier = await from.start(tinySpec(folder));
  const pid = childPids(process.pid, ENTRY).find((candidate) => !older.includes(candidate));
  assert.ok(pid !== undefined);
  return { classifier, pid };
}

test('when the process dies, the frame in flight is lost with a code and the next one is classified', async (t) => {
  const { classifier, pid } = await startOne();
  process.kill(pid, 'SIGSTOP');
  const inFlight = classifier.classify(RED);
  process.kill(pid, 'SIGKILL');
  await assert.rejects(inFlight, { code: 'INFERENCE_CRASHED', message: /SIGKILL.*memory/ });
  assert.equal((await classifier.classify(RED)).label, 'red');
  await classifier.release();
  await waitUntilGone(pid, t.signal);
});

test('when the process dies between frames, at most one frame is lost', async (t) => {
  const { classifier, pid } = await startOne();
  process.kill(pid, 'SIGKILL');
  await waitUntilGone(pid, t.signal);
  // The agent may not have heard of the end yet; then it hears of it with this frame.
  await classifier.classify(RED).catch((error: unknown) => assert.ok(isAppError(error, 'INFERENCE_CRASHED')));
  assert.equal((await classifier.classify(RED)).label, 'red');
  await classifier.release();
});

test('when the process hangs, it is killed at the limit', async () => {
  const impatient = createChildProcessHost({
    log: silentLogger,
    random: () => 0,
    limits: { classifyMs: 200 },
  });
  const { classifier, pid } = await startOne(impatient);
  process.kill(pid, 'SIGSTOP');
  await assert.rejects(classifier.classify(RED), { code: 'INFERENCE_TIMEOUT', message: /0\.2 s/ });
  assert.equal(isAlive(pid), false);
  await assert.doesNotReject(classifier.classify(RED), 'and the next frame is classified');
  await classifier.release();
});

test('after release the process is gone', async () => {
  const { classifier, pid } = await startOne();
  await classifier.release();
  assert.equal(isAlive(pid), false);
});

test('when the model cannot be loaded, no process is left', async () => {
  const spec = tinySpec(folder);
  await assert.rejects(host.start({ ...spec, path: join(folder, 'none.onnx') }), {
    code: 'MODEL_UNREADABLE',
  });
  assert.deepEqual(childPids(process.pid, ENTRY), []);
});

test('when a model is replaced, the newer one answers while the older one still runs', async () => {
  const blue = await startOne();
  const green = await startOne();
  assert.notEqual(blue.pid, green.pid);
  await blue.classifier.release();
  assert.equal((await green.classifier.classify(RED)).label, 'red');
  await green.classifier.release();
});

test('an interrupt at the terminal does not end the process', async () => {
  const { classifier, pid } = await startOne();
  process.kill(pid, 'SIGINT');
  process.kill(pid, 'SIGTERM');
  assert.equal((await classifier.classify(RED)).label, 'red');
  assert.equal(isAlive(pid), true);
  await classifier.release();
});

test('when the agent is killed, its inference process ends', async (t) => {
  const program = join(import.meta.dirname, '../fixtures/inference-parent.ts');
  const parent = spawn(process.execPath, [program, JSON.stringify(tinySpec(folder))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(parent.stdout, 'data', { signal: t.signal });
  const [child] = childPids(parent.pid ?? 0, ENTRY);
  assert.ok(child !== undefined);
  parent.kill('SIGKILL');
  await waitUntilGone(child, t.signal);
});
