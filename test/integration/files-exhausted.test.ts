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
