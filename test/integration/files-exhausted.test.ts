import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const sourceOf = (path: string): string => new URL(`../../agent/src/${path}`, import.meta.url).href;

/** Runs `script` in a process of its own that has opened all the files it may. */
async function runWithoutFiles(script: string): Promise<string> {
  const module = `
    import { openSync } from 'node:fs';
    import { setTimeout as delay } from 'node:timers/promises';
    const { createFfmpegLauncher } = await import(${JSON.stringify(sourceOf('capture/ffmpeg/ffmpeg-process.ts'))});
    const { lookAtVideo, tryDecoder } = await import(${JSON.stringify(sourceOf('capture/decode/decode-trial.ts'))});
    const { startInferenceProcess } = await import(${JSON.stringify(sourceOf('inference/child-process.ts'))});
    const useUp = () => { try { for (;;) openSync('/dev/null'); } catch {} };
    const report = (value) => process.stdout.write(JSON.stringify(value));
    ${script}`;
  const shell = 'ulimit -n 64 && exec "$0" --input-type=module -e "$1"';
  const { stdout } = await run('sh', ['-c', shell, process.execPath, module]);
  return stdout;
}

test('an ffmpeg for which no files are left is a stream that failed', async () => {
  const said = await runWithoutFiles(`
    const launcher = createFfmpegLauncher({ ffmpegPath: 'ffmpeg', nowMs: () => 0, killAfterMs: 100 });
    useUp();
    const sink = () => undefined;
    const child = launcher.launch({ args: ['-version'] }, { onPictureBytes: sink, onFrameBytes: [sink] });
    child.pause();
    child.end();
    report(await child.gone);`);
  assert.match(JSON.parse(said).stderr, /^cannot run ffmpeg: spawn ffmpeg EMFILE$/);
});

test('a decoder cannot be tried where no files are left, and the agent lives', async () => {
  const said = await runWithoutFiles(`
    const camera = { id: 'c', device: '/dev/video0', fps: 5, masks: [], regions: [], view: 'whole', motion: {} };
    const plan = { width: 8, height: 8, fit: 'squash', scaleFlags: 'area' };
    const source = { camera, plans: [plan], socketTimeoutMs: 1000 };
    const never = new AbortController().signal;
    useUp();
    const look = await lookAtVideo('ffmpeg', source, never);
    report({ look, trial: await tryDecoder('ffmpeg', source, { method: 'software' }, never) });`);
  assert.deepEqual(JSON.parse(said), {
    trial: { method: 'software', why: 'no files are left to run ffmpeg with' },
  });
});

test('an inference process for which no files are left is one that ended', async () => {
  const said = await runWithoutFiles(`
    const guards = { signal: new AbortController().signal, maxMemoryBytes: Infinity, memoryIntervalMs: 1000 };
    useUp();
    const child = startInferenceProcess(guards);
    const error = await child.request({ kind: 'probe' }, 5000).catch((error) => error);
    report({ code: error.code, message: error.message });`);
  const { code, message } = JSON.parse(said);
  assert.equal(code, 'INFERENCE_CRASHED', message);
});
