import assert from 'node:assert/strict';
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { planFfmpeg } from '../../agent/src/capture/ffmpeg/ffmpeg-arguments.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { cameraConfig, SMALL, watchCamera } from '../support/camera-session.ts';
import { captureChildren } from '../support/capture-children.ts';
import { isAlive } from '../support/child-processes.ts';
import { until } from '../support/until.ts';

let clips: ClipFolder;
let clip: string;
before(async () => {
  clips = await createClipFolder();
  clip = await clips.halves(20);
});
after(() => clips.remove());

async function onlyChild(): Promise<number> {
  await until('ffmpeg runs', async () => (await captureChildren()).length === 1);
  return (await captureChildren())[0]?.pid ?? 0;
}

test('a stopped ffmpeg is a stall: it is killed at once, another one is started, frames flow again', async () => {
  const limits = { killAfterMs: 600_000 };
  await using session = await watchCamera({ file: clip, loop: true }, { limits });
  await session.frame();
  const stopped = await onlyChild();
  process.kill(stopped, 'SIGSTOP');
  const health = await session.sees('CAMERA_STALLED');
  assert.equal(health.condition, 'stalled');
  const { captured } = session.camera.counters();
  await until('frames flow again', () => session.camera.counters().captured > captured + 3);
  assert.equal(isAlive(stopped), false);
  assert.equal(session.camera.health().condition, 'online');
  assert.equal(session.camera.counters().reconnects, 1);
});

test('an ffmpeg that somebody kills is replaced', async () => {
  await using session = await watchCamera({ file: clip, loop: true });
  await session.frame();
  process.kill(await onlyChild(), 'SIGKILL');
  assert.match((await session.sees('CAPTURE_FAILED')).detail ?? '', /SIGKILL/);
  await until('it is online', () => session.camera.health().condition === 'online');
});

/** An ffmpeg that dies behind the last frame, and each time it is to go on there. */
async function dyingFfmpeg(): Promise<string> {
  const path = join(clips.path, 'dying-ffmpeg');
  const script = '#!/bin/sh\ncase " $* " in *" -ss "*) exit 1;; esac\nffmpeg "$@"\nexit 1\n';
  await writeFile(path, script, { mode: 0o755 });
  return path;
}

for (const loop of [false, true])
  test(`at a place where ffmpeg always dies, a recording ${loop ? 'in a loop begins again' : 'gives no frame twice'}`, async () => {
    const ffmpegPath = await dyingFfmpeg();
    const file = await clips.numbered(1);
    await using session = await watchCamera({ file, fps: 5, pace: 'full', loop }, { ffmpegPath });
    const seen: (number | undefined)[] = [];
    while (seen.length < (loop ? 10 : 5)) seen.push((await session.frame()).mediaMs);
    const pass = [0, 200, 400, 600, 800];
    assert.deepEqual(seen, loop ? [...pass, ...pass] : pass);
    if (loop) return;
    await until('it is tried again', () => session.camera.counters().reconnects > 2);
    assert.equal(session.camera.counters().captured, 5);
    assert.equal(session.camera.health().code, 'CAPTURE_FAILED');
  });

test('after stop no ffmpeg is left, stopped ones included, and waiting takers are let go', async () => {
  const session = await watchCamera({ file: clip, loop: true });
  await session.frame();
  const pid = await onlyChild();
  process.kill(pid, 'SIGSTOP');
  const { captured } = session.camera.counters();
  await session.camera.nextFrame(AbortSignal.timeout(100));
  const waiting = session.camera.nextFrame(new AbortController().signal);
  await session.camera.stop();
  assert.equal(await waiting, undefined);
  assert.equal(isAlive(pid), false);
  assert.deepEqual(await captureChildren(), []);
  assert.ok(session.camera.counters().captured >= captured);
});

test('when the agent exits without stopping its cameras, no ffmpeg is left, not even a stopped one', async () => {
  const agent = fork(fileURLToPath(new URL('../support/exiting-agent.ts', import.meta.url)), [clip]);
  const exited = once(agent, 'exit');
  const [message] = await once(agent, 'message');
  assert.equal(message, 'captured');
  const [child] = await captureChildren(agent.pid);
  assert.ok(child !== undefined);
  // A running one would notice its closed pipes by itself.
  process.kill(child.pid, 'SIGSTOP');
  agent.send('exit');
  await exited;
  try {
    await until('ffmpeg is gone', () => !isAlive(child.pid), 5_000);
  } finally {
    if (isAlive(child.pid)) process.kill(child.pid, 'SIGKILL');
  }
});

test('an ffmpeg that takes too much memory is replaced', async () => {
  const limits = { maxRssBytes: 1024 * 1024 };
  await using session = await watchCamera({ file: clip, loop: true }, { limits });
  assert.equal((await session.sees('CAMERA_MEMORY')).condition, 'offline');
  await until('it is opened again', () => session.camera.counters().reconnects > 1);
});

for (const [name, jump, atMost] of [
  ['an hour forward', '+3600/TB', 80],
  ['an hour back', '-3600/TB', 15],
] as const) {
  test(`when the clock of a live stream jumps ${name}, frames neither flood nor stop`, async () => {
    const source = `color=gray:s=64x36:r=10:d=2,setpts='PTS+3600/TB+if(gte(N,10),0${jump},0)'`;
    const camera = cameraConfig({ url: 'rtsp://camera.example/', fps: 5 });
    const { args } = planFfmpeg({ camera, plans: [SMALL], socketTimeoutMs: 5_000 });
    const graph = args[args.indexOf('-filter_complex') + 1] ?? '';
    const input = ['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', source, '-filter_complex', graph];
    const [picture, gray] = ['[picture]', '[frames0]'].map((pad) => ['-map', pad, '-f', 'null', '-']);
    const output = ['-map', '[frames1]', '-f', 'rawvideo', 'pipe:1', ...(picture ?? []), ...(gray ?? [])];
    const { stdout } = await promisify(execFile)('ffmpeg', [...input, ...output], { encoding: 'buffer' });
    const frames = stdout.length / (SMALL.width * SMALL.height * 3);
    assert.ok(frames >= 9 && frames <= atMost, `${frames} frames`);
  });
}
