import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { RequestListener, ServerResponse } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { CameraConfig } from '../../agent/src/config/schema.ts';
import { type CameraAuthority, createCameraAuthority } from '../support/camera-certificates.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { watchCamera } from '../support/camera-session.ts';
import { startMjpegServer } from '../support/mjpeg-server.ts';
import { type RtspServerOptions, startRtspServer } from '../support/rtsp-server.ts';
import { startStillServer } from '../support/still-server.ts';
import { until } from '../support/until.ts';

const CREDENTIALS = 'guard:p@ss wörd';

let clips: ClipFolder;
let video: string;
let pictures: readonly Uint8Array[];
let credentialsFile: string;
let authority: CameraAuthority;
const trustedBefore = process.env.SSL_CERT_FILE;
before(async () => {
  clips = await createClipFolder();
  video = await clips.halves(2);
  pictures = await clips.jpegs();
  credentialsFile = join(clips.path, 'credentials');
  await writeFile(credentialsFile, CREDENTIALS, { mode: 0o600 });
  authority = await createCameraAuthority();
  const trusted = join(clips.path, 'authority.pem');
  await writeFile(trusted, authority.cert);
  process.env.SSL_CERT_FILE = trusted;
});
after(async () => {
  if (trustedBefore === undefined) delete process.env.SSL_CERT_FILE;
  else process.env.SSL_CERT_FILE = trustedBefore;
  await clips.remove();
});

interface TestCamera extends AsyncDisposable {
  readonly url: string;
}

async function startHttpCamera(listener: RequestListener): Promise<TestCamera> {
  const server = createHttpServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/video.mjpg`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function startRtspCamera(options: Partial<RtspServerOptions>): Promise<TestCamera> {
  const server = await startRtspServer({ video, ...options });
  return { url: server.url, [Symbol.asyncDispose]: () => server.stop() };
}

const refuse =
  (status: number): RequestListener =>
  (_, response) =>
    void response.writeHead(status).end();

/** A container whose video has a code that nothing decodes. */
function undecodable(): Uint8Array {
  const args = '-v error -f lavfi -i testsrc2=s=64x36:d=2 -c:v mjpeg -f avi pipe:1'.split(' ');
  const { stdout } = spawnSync('ffmpeg', args);
  return Buffer.from(stdout.toString('latin1').replaceAll('MJPG', 'ZZZZ'), 'latin1');
}

function soundOnly(): Uint8Array {
  const { stdout } = spawnSync('ffmpeg', '-v error -f lavfi -i sine=d=2 -f wav pipe:1'.split(' '));
  return stdout;
}

const body = (make: () => Uint8Array): RequestListener => {
  return (_, response: ServerResponse) => void response.writeHead(200).end(make());
};

interface Fault {
  readonly name: string;
  readonly start: () => Promise<TestCamera>;
  readonly code: string;
  readonly words: RegExp;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'RTSP 404',
    start: () => startRtspCamera({ refusal: '404 Not Found' }),
    code: 'CAMERA_NOT_FOUND',
    words: /the camera has no such stream/,
  },
  {
    name: 'RTSP 454',
    start: () => startRtspCamera({ refusal: '454 Session Not Found' }),
    code: 'CAMERA_NOT_FOUND',
    words: /the camera has no such stream/,
  },
  {
    name: 'RTSP 403',
    start: () => startRtspCamera({ refusal: '403 Forbidden' }),
    code: 'CAMERA_AUTH',
    words: /this user may not see the stream/,
  },
  {
    name: 'RTSP 503',
    start: () => startRtspCamera({ refusal: '503 Service Unavailable' }),
    code: 'CAMERA_UNREACHABLE',
    words: /an error of its own/,
  },
  {
    name: 'RTSP with a codec nobody knows',
    start: () => startRtspCamera({ describe: (sdp) => sdp.replace('H264/90000', 'X-SECRET/90000') }),
    code: 'CAMERA_CODEC',
    words: /nothing here decodes this kind of video/,
  },
  {
    name: 'RTSP with sound only',
    start: () => startRtspCamera({ describe: (sdp) => sdp.replace('m=video', 'm=audio') }),
    code: 'CAMERA_FORMAT',
    words: /there is no video in it/,
  },
  {
    name: 'HTTP 404',
    start: () => startHttpCamera(refuse(404)),
    code: 'CAMERA_NOT_FOUND',
    words: /the camera has no such stream/,
  },
  {
    name: 'HTTP 403',
    start: () => startHttpCamera(refuse(403)),
    code: 'CAMERA_AUTH',
    words: /this user may not see the stream/,
  },
  {
    name: 'HTTP 500',
    start: () => startHttpCamera(refuse(500)),
    code: 'CAMERA_UNREACHABLE',
    words: /an error of its own/,
  },
  {
    name: 'HTTP with a codec nobody knows',
    start: () => startHttpCamera(body(undecodable)),
    code: 'CAMERA_CODEC',
    words: /nothing here decodes this kind of video/,
  },
  {
    name: 'HTTP with sound only',
    start: () => startHttpCamera(body(soundOnly)),
    code: 'CAMERA_FORMAT',
    words: /there is no video in it/,
  },
  {
    name: 'HTTP with a web page',
    start: () => startHttpCamera(body(() => Buffer.from('<html>hello</html>'.repeat(99)))),
    code: 'CAMERA_FORMAT',
    words: /Invalid data/,
  },
];
for (const { name, start, code, words } of FAULTS) {
  test(`${name} is ${code} in words a technician understands`, async () => {
    await using camera = await start();
    await using session = await watchCamera({ url: camera.url });
    const health = await session.sees(code);
    assert.equal(health.condition, 'offline');
    assert.match(health.detail ?? '', words);
  });
}

for (const scheme of ['rtsp', 'http']) {
  test(`a name that nobody knows, and an address without a way, are told in words (${scheme})`, async () => {
    await using unnamed = await watchCamera({ url: `${scheme}://no.such.host.invalid/live` });
    assert.match((await unnamed.sees('CAMERA_UNREACHABLE')).detail ?? '', /name .* not known \(DNS\)/);
    // Documentation addresses (RFC 3849) are routed nowhere; some routers swallow what goes there.
    await using lost = await watchCamera({ url: `${scheme}://[2001:db8::1]/live` });
    assert.match((await lost.sees('offline')).detail ?? '', /no way to this address|no answer in time/);
  });
}

const CERTIFICATES = [
  ['an expired', async () => authority.issue({ days: -1 }), /the certificate has expired/],
  ['a misnamed', async () => authority.issue({ ip: '10.0.0.1' }), /for another name/],
  ['an unknown', async () => (await createCameraAuthority()).issue(), /the certificate is not trusted/],
] as const;
for (const [kind, issue, words] of CERTIFICATES) {
  test(`${kind} certificate is CAMERA_TLS, and says why (RTSPS, HTTPS, still pictures)`, async () => {
    const tls = await issue();
    await using rtsps = await startRtspCamera({ tls });
    await using https = await startMjpegServer({ pictures, fps: 10, tls });
    await using stills = await startStillServer({ pictures, tls });
    const cameras: readonly Partial<CameraConfig>[] = [
      { url: rtsps.url },
      { url: https.url },
      { stillUrl: stills.url },
    ];
    for (const source of cameras) {
      await using session = await watchCamera(source);
      assert.match((await session.sees('CAMERA_TLS')).detail ?? '', words);
    }
  });
}

test('a camera that does not speak TLS is CAMERA_TLS or closed, never opened in the clear', async () => {
  const server = createTcpServer((socket) => void socket.end('RTSP/1.0 400 Bad Request\r\n\r\n')).listen(0);
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    await using session = await watchCamera({ url: `rtsps://127.0.0.1:${port}/live` });
    assert.match((await session.sees('CAMERA_TLS')).detail ?? '', /TLS/);
  } finally {
    server.close();
  }
});

test('with a certificate that is trusted, RTSPS, HTTPS and still pictures play', async () => {
  const tls = await authority.issue();
  await using rtsps = await startRtspCamera({ tls });
  await using https = await startMjpegServer({ pictures, fps: 10, tls });
  await using stills = await startStillServer({ pictures, tls });
  for (const source of [{ url: rtsps.url }, { url: https.url }, { stillUrl: stills.url }]) {
    await using session = await watchCamera(source);
    await session.frame();
  }
});

test('a certificate that a camera signed itself is trusted once it is among those of the box, whatever its name', async () => {
  const { key, cert } = authority;
  await using rtsps = await startRtspCamera({ tls: { key, cert } });
  await using stills = await startStillServer({ pictures, tls: { key, cert } });
  for (const source of [{ url: rtsps.url }, { stillUrl: stills.url }]) {
    await using session = await watchCamera(source);
    await session.frame();
  }
});

test('RTSP over UDP plays, and its packets are datagrams', async () => {
  const server = await startRtspServer({ video });
  try {
    await using session = await watchCamera({ url: server.url, rtspTransport: 'udp' });
    for (let count = 0; count < 3; count += 1) await session.frame();
    assert.ok(server.datagrams() > 0);
  } finally {
    await server.stop();
  }
});

test('Digest is answered over RTSP and RTSPS, and a wrong password is CAMERA_AUTH', async () => {
  for (const tls of [undefined, await authority.issue()]) {
    const guarded = { isDigest: true, ...(tls !== undefined && { tls }) };
    await using server = await startRtspCamera({ ...guarded, credentials: CREDENTIALS });
    await using session = await watchCamera({ url: server.url, credentialsFile });
    await session.frame();
    await using other = await startRtspCamera({ ...guarded, credentials: 'guard:another' });
    await using wrong = await watchCamera({ url: other.url, credentialsFile });
    assert.match((await wrong.sees('CAMERA_AUTH')).detail ?? '', /user and password are not accepted/);
  }
});

test('an RTSP stream that changes its size goes on: no restart, no failure', async () => {
  const parts = ['320x180', '640x480'].map((size) => {
    const encode = '-c:v libx264 -preset ultrafast -g 10 -bf 0 -pix_fmt yuv420p -f mpegts pipe:1';
    const args = `-v error -f lavfi -i testsrc2=s=${size}:r=10:d=2 ${encode}`.split(' ');
    return spawnSync('ffmpeg', args, { maxBuffer: 1e8 }).stdout;
  });
  const changing = join(clips.path, 'changing.ts');
  await writeFile(changing, Buffer.concat(parts));
  await using camera = await startRtspCamera({ video: changing });
  await using session = await watchCamera({ url: camera.url });
  await session.frame();
  // Twice around: the size changes every two seconds.
  await until('many frames', () => session.camera.counters().captured > 60);
  assert.equal(session.camera.counters().reconnects, 0);
});

test('an MJPEG stream that changes its size goes on: no restart, no failure', async () => {
  const { stdout } = spawnSync(
    'ffmpeg',
    '-v error -f lavfi -i testsrc2=s=640x480:r=10:d=1 -f mjpeg pipe:1'.split(' '),
  );
  const large = stdout.subarray(0, stdout.indexOf(Buffer.from([0xff, 0xd9])) + 2);
  const small = pictures.slice(0, 8);
  const changing = [...small, ...small.map(() => large)];
  await using camera = await startMjpegServer({ pictures: changing, fps: 16 });
  await using session = await watchCamera({ url: camera.url, fps: 10 });
  await until('it changed its size several times', () => camera.sent() > 60);
  const { captured } = session.camera.counters();
  await until('frames go on', () => session.camera.counters().captured > captured + 3);
  assert.equal(session.camera.counters().reconnects, 0);
  assert.equal(session.camera.health().condition, 'online');
});
