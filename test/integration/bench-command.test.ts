import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runBenchCommand } from '../../agent/src/cli/bench.ts';
import { runCameras } from '../../agent/src/cli/bench-load.ts';
import { recordSource, sourceFields } from '../../agent/src/cli/bench-recording.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { isAppError } from '../../shared/src/kernel/errors.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { SMALL } from '../support/camera-session.ts';
import { memoryIo } from '../support/memory-io.ts';
import { tinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts';

const NEVER = new AbortController().signal;
let clips: ClipFolder;
let folder = '';
let bundle = '';
before(async () => {
  clips = await createClipFolder();
  folder = await mkdtemp(join(tmpdir(), 'watchpost-bench-test-'));
  bundle = await writeTinyBundle(join(folder, 'bundle'), tinyBundle());
});
after(async () => {
  await clips.remove();
  await rm(folder, { recursive: true });
});

async function runBench(...argv: string[]) {
  const { io, written } = memoryIo();
  return { code: await runBenchCommand(argv, io), ...written };
}

async function recordClip(): Promise<string> {
  return recordSource({ source: await clips.halves(4), fps: 5, json: false }, folder, NEVER);
}

test('help tells of every option, and wrong use is told apart from a camera that cannot be read', async () => {
  const help = await runBench('--help');
  assert.equal(help.code, 0);
  for (const option of ['--model', '--fps', '--credentials-file', '--write', '--json'])
    assert.ok(help.stdout.includes(option), option);
  for (const argv of [[], ['a.mp4', 'b.mp4'], ['a.mp4', '--fps', '0'], ['a.mp4', '--speed', '2']]) {
    const { code, stderr } = await runBench(...argv);
    assert.equal(code, 2, argv.join(' '));
    assert.match(stderr, /USAGE_INVALID/);
  }
});

test('a file that is not there, or holds no video, is named with its code', async () => {
  const missing = await runBench(join(folder, 'none.mp4'), '--model', bundle);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /there is no video file .*none\.mp4 \[INPUT_MISSING\]/);
  const text = join(folder, 'text.mp4');
  await writeFile(text, 'this is no video');
  const broken = await runBench(text, '--model', bundle);
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /CAMERA_FORMAT/);
});

test('settings tell where the credentials of a camera are, and nothing of them', () => {
  assert.deepEqual(sourceFields({ source: 'rtsp://ann:p@ss@cam:554/live', credentialsFile: '/etc/cam' }), {
    url: 'rtsp://cam:554/live',
    credentialsFile: '/etc/cam',
  });
});

test('cameras that are really run lose nothing where there is room for them', async () => {
  const file = await recordClip();
  const probabilities = [1, 0, 0];
  const prediction = { label: 'red', labelIndex: 0, probability: 1, probabilities, inferMs: 1 };
  const classifier = {
    executionProviders: ['cpu'],
    classify: async () => prediction,
    release: async () => undefined,
  };
  const run = await runCameras(2, { file, fps: 5, plan: SMALL, classifier }, NEVER);
  assert.equal(run.cameras, 2);
  assert.equal(run.silent, 0);
});

test('a model that fails while cameras are run ends the run with its own error', async () => {
  const classifier = {
    executionProviders: ['cpu'],
    classify: () => Promise.reject(agentError('INFERENCE_CRASHED', 'it is gone')),
    release: async () => undefined,
  };
  const run = runCameras(2, { file: await recordClip(), fps: 5, plan: SMALL, classifier }, NEVER);
  await assert.rejects(run, (error) => isAppError(error, 'INFERENCE_CRASHED'));
});

test('a recording that is interrupted ends with the reason, and one without ffmpeg says what is missing', async (t) => {
  const stopping = new AbortController();
  const silent = createServer(() => stopping.abort(new Error('enough'))).listen(0, '127.0.0.1');
  t.after(() => silent.close());
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const request = { source: `http://127.0.0.1:${port}/live`, fps: 5, json: false };
  await assert.rejects(recordSource(request, folder, stopping.signal), /enough/);

  const { PATH } = process.env;
  t.after(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = folder;
  await assert.rejects(recordSource(request, folder, NEVER), (error) => isAppError(error, 'CAPTURE_FAILED'));
});
