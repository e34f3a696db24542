import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { rgbOf, watchCamera } from '../support/camera-session.ts';
import { captureChildren } from '../support/capture-children.ts';
import { collectLines } from '../support/log-lines.ts';
import { startMjpegServer } from '../support/mjpeg-server.ts';
import { startRtspServer } from '../support/rtsp-server.ts';
import { until } from '../support/until.ts';

const CREDENTIALS = "gate keeper:p@ss/w:o'rd%";
const ENCODED_PASSWORD = encodeURIComponent("p@ss/w:o'rd%");

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

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Accepts and says nothing. */
async function startMuteServer(): Promise<{ port: number } & Disposable> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    // Read and ignored.
    socket.resume();
  });
  const port = await listen(server);
  return {
    port,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

for (const scheme of ['rtsp', 'http']) {
  test(`a camera whose port is closed is CAMERA_UNREACHABLE (${scheme})`, async () => {
    await using session = await watchCamera({ url: `${scheme}://127.0.0.1:${await closedPort()}/live` });
    assert.equal((await session.sees('CAMERA_UNREACHABLE')).condition, 'offline');
    await until('it is tried again', () => session.camera.counters().reconnects > 1);
  });

  test(`a camera that accepts and says nothing is CAMERA_TIMEOUT (${scheme})`, async () => {
    using server = await startMuteServer();
    await using session = await watchCamera({ url: `${scheme}://127.0.0.1:${server.port}/live` });
    assert.equal((await session.sees('CAMERA_TIMEOUT')).condition, 'offline');
  });

  test(`without credentials, and with wrong ones, a guarded camera is CAMERA_AUTH (${scheme})`, async () => {
    const video = await clips.halves(2);
    const guarded = { pictures, fps: 10, video, credentials: 'somebody:else' };
    const server = await (scheme === 'rtsp' ? startRtspServer(guarded) : startMjpegServer(guarded));
    try {
      const logged: string[] = [];
      const logger = collectLines(logged);
      await using anonymous = await watchCamera({ url: server.url });
      await using wrong = await watchCamera({ url: server.url, credentialsFile }, { logger });
      for (const session of [anonymous, wrong]) {
        const health = await session.sees('CAMERA_AUTH');
        assert.equal(health.condition, 'offline');
        assert.doesNotMatch(JSON.stringify(health), /p@ss|p%40ss/);
      }
      assert.match(logged.join('\n'), /CAMERA_AUTH/);
      assert.doesNotMatch(logged.join('\n'), /p@ss|p%40ss|gate/);
    } finally {
      await server.stop();
    }
  });

  test(`with its credentials a guarded camera plays, and the command line does not tell them (${scheme})`, async () => {
    const video = await clips.halves(2);
    const guarded = { pictures, fps: 10, video, credentials: CREDENTIALS };
    const server = await (scheme === 'rtsp' ? startRtspServer(guarded) : startMjpegServer(guarded));
    try {
      await using session = await watchCamera({ url: server.url, credentialsFile });
      assert.equal(rgbOf(await session.frame()).length, 32 * 18 * 3);
      const [child] = await captureChildren();
      assert.ok(child !== undefined);
      assert.ok(!child.commandLine.includes(ENCODED_PASSWORD) && !child.commandLine.includes('gate'));
    } finally {
      await server.stop();
    }
  });
}

test('an RTSP camera over TCP plays without credentials', async () => {
  const server = await startRtspServer({ video: await clips.halves(2) });
  try {
    await using session = await watchCamera({ url: server.url });
    const frames = [await session.frame(), await session.frame(), await session.frame()];
    const [red = 0, , blue = 0] = frames[2]?.pictures[0]?.rgb ?? [];
    assert.ok(red > 200 && blue < 60);
    assert.equal(session.camera.health().condition, 'online');
    assert.equal(frames[0]?.mediaMs, undefined);
  } finally {
    await server.stop();
  }
});

test('an RTSP camera whose session goes silent is opened again', async () => {
  const server = await startRtspServer({ video: await clips.halves(2) });
  try {
    await using session = await watchCamera({ url: server.url });
    await session.frame();
    server.mute(true);
    await until('the loss is seen', () => session.camera.counters().reconnects > 0);
    server.mute(false);
    const { captured } = session.camera.counters();
    await until('frames flow again', () => session.camera.counters().captured > captured + 3);
    assert.equal(session.camera.health().condition, 'online');
  } finally {
    await server.stop();
  }
});

test('an MJPEG camera that dies and comes back is found again, and frames keep counting', async () => {
  const first = await startMjpegServer({ pictures, fps: 10 });
  await using session = await watchCamera({ url: first.url });
  const before = await session.frame();
  await first.stop();
  await session.sees('CAMERA_UNREACHABLE');
  const second = await startMjpegServer({ pictures, fps: 10, port: first.port });
  try {
    await until('it is online', () => session.camera.health().condition === 'online');
    const later = await session.frame();
    assert.ok(later.sequence > before.sequence);
    assert.ok(session.camera.counters().reconnects > 0);
    assert.ok(session.camera.health().quality01 < 1);
  } finally {
    await second.stop();
  }
});

test('an MJPEG stream keeps its own pace, although it carries no time stamps', async () => {
  const server = await startMjpegServer({ pictures, fps: 5 });
  try {
    await using session = await watchCamera({ url: server.url, fps: 5 });
    while (session.camera.counters().captured < 10) await session.frame();
    // Read as 25 fps, ten frames would take fifty pictures.
    assert.ok(server.sent() < 30, `${server.sent()} pictures for 10 frames`);
  } finally {
    await server.stop();
  }
});

test('a credentials file that is missing or malformed is CAMERA_AUTH and names the file', async () => {
  const malformed = join(clips.path, 'malformed');
  await writeFile(malformed, 'no colon here');
  for (const file of [malformed, join(clips.path, 'absent')]) {
    await using session = await watchCamera({ url: 'http://127.0.0.1:9/', credentialsFile: file });
    assert.ok((await session.sees('CAMERA_AUTH')).detail?.includes(file));
  }
});
