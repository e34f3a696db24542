import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { delimiter, join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { createWebcamPicture } from '../../agent/src/capture/stills/node-webcam-picture.ts';
import { silentLogger } from '../../shared/src/kernel/log.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { rgbOf, watchCamera } from '../support/camera-session.ts';
import { captureChildren } from '../support/capture-children.ts';
import { isAlive } from '../support/child-processes.ts';
import { createHttpGuard, type Guard } from '../support/http-guard.ts';
import { collectLines } from '../support/log-lines.ts';
import { startStillServer } from '../support/still-server.ts';
import { until } from '../support/until.ts';

const CREDENTIALS = 'gate "keeper":p@ss:w"ord';

let clips: ClipFolder;
let credentialsFile: string;
let pictures: readonly Uint8Array[];
before(async () => {
  clips = await createClipFolder();
  pictures = await clips.jpegs();
  credentialsFile = join(clips.path, 'credentials');
  await writeFile(credentialsFile, `${CREDENTIALS}\n`, { mode: 0o600 });
});
after(() => clips.remove());

test('a still camera is asked for one picture after the other, each is one frame', async () => {
  await using server = await startStillServer({ pictures, delayMs: 20 });
  await using session = await watchCamera({ stillUrl: server.url, fps: 10 });
  for (let count = 0; count < 8; count += 1) assert.equal(rgbOf(await session.frame()).length, 32 * 18 * 3);
  assert.equal(server.mostAtOnce(), 1);
  assert.equal(session.camera.health().condition, 'online');
  const ahead = server.served() - session.camera.counters().captured;
  assert.ok(ahead <= 3, `${ahead} pictures were taken that gave no frame yet`);
  assert.ok((session.camera.latestPicture()?.length ?? 0) > 1000);
});

test('what is masked in a still picture is black in what the model and people see', async () => {
  await using server = await startStillServer({ pictures });
  const masks = [{ x01: 0, y01: 0, width01: 0.5, height01: 1 }];
  await using session = await watchCamera({ stillUrl: server.url, masks });
  const rgb = rgbOf(await session.frame());
  const levels = (fromX: number): readonly number[] =>
    Array.from(
      { length: 18 * 15 * 3 },
      (_, at) => rgb[(Math.floor(at / 45) * 32 + fromX) * 3 + (at % 45)] ?? 0,
    );
  // Black of video is 16 of 255.
  assert.ok(Math.max(...levels(0)) < 24, 'the masked half is black');
  assert.ok(Math.max(...levels(17)) > 100, 'the other half is not');
});

test('each picture is a frame at once, not when the next one comes', async () => {
  await using server = await startStillServer({ pictures });
  await using session = await watchCamera({ stillUrl: server.url, fps: 0.2 });
  await session.frame();
  assert.equal(server.served(), 1);
});

test('a still camera that changes the size of its pictures goes on without a new start', async (t) => {
  const [small] = pictures;
  const large = grownPicture(t);
  if (small === undefined || large === undefined) return;
  await using server = await startStillServer({ pictures: [small, small, small, large, large, large] });
  await using session = await watchCamera({ stillUrl: server.url, fps: 10 });
  await session.frame();
  await until('many frames', () => session.camera.counters().captured > 15);
  assert.equal(session.camera.counters().reconnects, 0);
});

function grownPicture(t: TestContext): Uint8Array | undefined {
  const args = '-v error -f lavfi -i testsrc2=s=800x600 -frames:v 1 -f mjpeg pipe:1'.split(' ');
  const { stdout, error } = spawnSync('ffmpeg', args);
  if (error !== undefined) t.skip(error.message);
  return error === undefined ? stdout : undefined;
}

for (const kind of ['basic', 'MD5', 'SHA-256'] as const satisfies readonly Guard[]) {
  test(`a guarded still camera gives its pictures to who knows the password, which nobody else learns (${kind})`, async () => {
    await using server = await startStillServer({ pictures, guard: createHttpGuard(kind, CREDENTIALS) });
    const logged: string[] = [];
    const logger = collectLines(logged);
    await using session = await watchCamera({ stillUrl: server.url, credentialsFile }, { logger });
    for (let count = 0; count < 4; count += 1) await session.frame();
    const [child] = await captureChildren();
    assert.ok(child !== undefined);
    assert.doesNotMatch(child.commandLine, /p@ss|p%40ss|keeper/);
    assert.doesNotMatch(await readFile(`/proc/${child.pid}/environ`, 'latin1'), /p@ss|p%40ss/);
    assert.doesNotMatch(logged.join('\n'), /p@ss|p%40ss|keeper/);
  });

  test(`with the wrong password, and without one, it is CAMERA_AUTH (${kind})`, async () => {
    await using server = await startStillServer({ pictures, guard: createHttpGuard(kind, 'some:one') });
    await using wrong = await watchCamera({ stillUrl: server.url, credentialsFile });
    await using anonymous = await watchCamera({ stillUrl: server.url });
    for (const session of [wrong, anonymous]) {
      const { detail } = await session.sees('CAMERA_AUTH');
      assert.match(detail ?? '', /user and password are not accepted/);
    }
  });
}

const answer = (status: number, headers: Record<string, string> = {}) => ({
  answer: (response: ServerResponse) => void response.writeHead(status, headers).end('<html>'),
});
const ANSWERS = [
  ['a page', answer(200, { 'content-type': 'text/html' }), 'CAMERA_FORMAT', /text\/html, not a JPEG/],
  ['403', answer(403), 'CAMERA_AUTH', /this user may not/],
  ['404', answer(404), 'CAMERA_NOT_FOUND', /no such picture \(HTTP 404\)/],
  [
    'a move',
    answer(301, { location: 'https://u:p@h/x' }),
    'CAMERA_NOT_FOUND',
    /moved to https:\/\/\*\*\*@h\/x/,
  ],
  ['503', answer(503), 'CAMERA_UNREACHABLE', /HTTP 503/],
  [
    'a cut',
    { answer: (r: ServerResponse) => void r.destroy() },
    'CAMERA_UNREACHABLE',
    /closed the connection/,
  ],
  ['silence', { answer: () => undefined }, 'CAMERA_TIMEOUT', /no picture in time/],
  ['an endless picture', { answer: (r: ServerResponse) => void r.write('x') }, 'CAMERA_TIMEOUT', /in time/],
] as const;
for (const [name, options, code, words] of ANSWERS) {
  test(`a still camera that answers with ${name} is ${code}, and is asked again in time`, async () => {
    await using server = await startStillServer({ pictures, ...options });
    await using session = await watchCamera({ stillUrl: server.url });
    assert.match((await session.sees(code)).detail ?? '', words);
    // Who knocks with a wrong password is locked out by many: it waits for minutes.
    const isAgain = (): boolean => session.camera.counters().reconnects > 1;
    if (code !== 'CAMERA_AUTH') await until('it is asked again', isAgain);
  });
}

test('a camera whose port is closed, or whose name nobody knows, is CAMERA_UNREACHABLE in words', async () => {
  const gone = await startStillServer({ pictures });
  await gone[Symbol.asyncDispose]();
  await using closed = await watchCamera({ stillUrl: gone.url });
  assert.match((await closed.sees('CAMERA_UNREACHABLE')).detail ?? '', /nothing listens at this port/);
  await using unnamed = await watchCamera({ stillUrl: 'http://no.such.host.invalid/a.jpg' });
  assert.match((await unnamed.sees('CAMERA_UNREACHABLE')).detail ?? '', /name .*\(DNS\)/);
});

const hasFswebcam = spawnSync('fswebcam', ['--version']).error === undefined;

test('a webcam gives one frame for each shot of fswebcam', async (t) => {
  if (!hasFswebcam) return t.skip('fswebcam is not installed');
  await using session = await watchCamera({ webcam: 'TEST', fps: 5 });
  for (let count = 0; count < 3; count += 1) assert.equal(rgbOf(await session.frame()).length, 32 * 18 * 3);
  assert.equal(session.camera.health().condition, 'online');
});

test('a webcam that is not there, and a device that is none, are told apart', async (t) => {
  if (!hasFswebcam) return t.skip('fswebcam is not installed');
  await using missing = await watchCamera({ webcam: '/dev/no such; touch x' });
  assert.match((await missing.sees('CAMERA_NOT_FOUND')).detail ?? '', /no such device/);
  await using other = await watchCamera({ webcam: '/dev/null' });
  assert.match((await other.sees('CAMERA_FORMAT')).detail ?? '', /this is not a camera/);
});

test('a shot that hangs is ended within its limit, with everything it started; so is one that is stopped', async () => {
  const folder = join(clips.path, 'bin');
  const pidFile = join(folder, 'pid');
  await mkdir(folder);
  await writeFile(join(folder, 'fswebcam'), `#!/bin/sh\necho $$ >> ${pidFile}\nsleep 600 & wait\n`);
  await chmod(join(folder, 'fswebcam'), 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${folder}${delimiter}${path}`;
  const pids = async (): Promise<readonly number[]> =>
    (await readFile(pidFile, 'utf8').catch(() => '')).split('\n').filter(Boolean).map(Number);
  try {
    const session = await watchCamera({ webcam: '/dev/video0' }, { logger: silentLogger });
    await session.sees('CAMERA_TIMEOUT');
    await until('it is tried again', async () => (await pids()).length > 1);
    await session.camera.stop();
    for (const pid of await pids()) assert.equal(isAlive(pid), false);
    assert.deepEqual(await captureChildren(), []);

    const abort = new AbortController();
    const count = (await pids()).length;
    const shot = createWebcamPicture('/dev/video0')(abort.signal);
    const ended = assert.rejects(shot, { code: 'CAMERA_TIMEOUT' });
    await until('it runs', async () => (await pids()).length > count).finally(() => abort.abort());
    await ended;
    assert.equal(isAlive((await pids()).at(-1) ?? 0), false);
  } finally {
    process.env.PATH = path;
  }
});

test('a shot that cannot be started is a failure of the camera', async () => {
  // Longer than a command may be: as where the machine has no room for another process.
  const shot = createWebcamPicture(`/dev/${'x'.repeat(200_000)}`)(new AbortController().signal);
  await assert.rejects(shot, { code: 'CAPTURE_FAILED' });
});
