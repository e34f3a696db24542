import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findUnopened, keepFatal, parseStreamFailure } from './stream-error.ts';

const SOCKET_TIMEOUT_MS = 10_000;

/** What ffmpeg 5.1 (GnuTLS) said about real failures; the row of OpenSSL is another build's. */
const MESSAGES: readonly (readonly [string, string, number?])[] = [
  ['file:gone.mp4: No such file or directory', 'CAMERA_NOT_FOUND'],
  [
    '[video4linux2,v4l2 @ 0x5564419e08c0] Cannot open video device /dev/video0: No such file or directory\n' +
      '/dev/video0: No such file or directory',
    'CAMERA_NOT_FOUND',
  ],
  ['http://127.0.0.1:1/404: Server returned 404 Not Found', 'CAMERA_NOT_FOUND'],
  [
    '[rtsp @ 0x55677894f980] method DESCRIBE failed: 404 Nope\nrtsp://h/404: Server returned 404 Not Found',
    'CAMERA_NOT_FOUND',
  ],
  ['file:a.txt: Invalid data found when processing input', 'CAMERA_FORMAT'],
  [
    '[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55f1d24d78c0] moov atom not found\n' +
      'empty.mp4: Invalid data found when processing input',
    'CAMERA_FORMAT',
  ],
  ["Stream specifier ':v:0' in filtergraph description [0:v:0]fps=5 matches no streams.", 'CAMERA_FORMAT'],
  ['file:.: Is a directory', 'CAMERA_FORMAT'],
  ['http://127.0.0.1:34975/200: Invalid data found when processing input', 'CAMERA_FORMAT', 12_000],
  ['rtsp://127.0.0.1:44499/: Invalid data found when processing input', 'CAMERA_FORMAT', 300],
  ['rtsp://127.0.0.1:44499/: Invalid data found when processing input', 'CAMERA_TIMEOUT', 10_050],
  [
    "[concat @ 0x1] Impossible to open 'rtsp://u:p@h/'\npipe:0: Invalid data found when processing input",
    'CAMERA_TIMEOUT',
    10_050,
  ],
  ['http://127.0.0.1:40165/: Connection timed out', 'CAMERA_TIMEOUT'],
  [
    '[tls @ 0x5609] Error in the pull function.\n[tls @ 0x5609] IO error: Connection timed out\n' +
      'https://127.0.0.1:40165/: Connection timed out',
    'CAMERA_TIMEOUT',
  ],
  [
    '[tls @ 0x55f7] An unexpected TLS packet was received.\nhttps://127.0.0.1:1/: Input/output error',
    'CAMERA_TLS',
  ],
  ['[tls @ 0x5559] A TLS fatal alert has been received.\nhttps://h/: Input/output error', 'CAMERA_TLS'],
  ['http://127.0.0.1/: Server returned 401 Unauthorized (authorization failed)', 'CAMERA_AUTH'],
  ['http://127.0.0.1/: Server returned 403 Forbidden (access denied)', 'CAMERA_AUTH'],
  ['[rtsp @ 0x5624] method DESCRIBE failed: 401 Nope', 'CAMERA_AUTH'],
  [
    "[rtsp @ 0x55] method DESCRIBE failed: 401 Unauthorized\n[concat @ 0x55] Impossible to open 'rtsp://u:p@h/'\n" +
      'pipe:0: Server returned 401 Unauthorized (authorization failed)',
    'CAMERA_AUTH',
  ],
  [
    '[tcp @ 0x5587] Connection to tcp://127.0.0.1:1 failed: Connection refused\nhttp://h/: Connection refused',
    'CAMERA_UNREACHABLE',
  ],
  [
    '[tcp @ 0x556d] Failed to resolve hostname no.such.host: Name or service not known\n' +
      'rtsp://no.such.host/x: Input/output error',
    'CAMERA_UNREACHABLE',
  ],
  [
    '[tcp @ 0x55de] Connection to tcp://[2001:db8::1]:80 failed: No route to host\nhttp://h/: No route to host',
    'CAMERA_UNREACHABLE',
  ],
  ['http://255.255.255.255/: Network is unreachable', 'CAMERA_UNREACHABLE'],
  ['file:/tmp/np.wav: Permission denied', 'CAPTURE_FAILED'],
  ['http://127.0.0.1:39515/: End of file', 'CAMERA_UNREACHABLE'],
  ['http://127.0.0.1/: Server returned 5XX Server Error reply', 'CAMERA_UNREACHABLE'],
  [
    '[rtsp @ 0x5571] method DESCRIBE failed: 454 Session Not Found\n' +
      'rtsp://h/live: Server returned 4XX Client Error, but not one of 40{0,1,3,4}',
    'CAMERA_NOT_FOUND',
  ],
  ['[rtsp @ 0x5571] method SETUP failed: 461 Unsupported Transport', 'CAMERA_FORMAT'],
  ['[rtsp @ 0x5571] method PLAY failed: 453 Not Enough Bandwidth', 'CAMERA_UNREACHABLE'],
  ['Decoder (codec none) not found for input stream #0:0', 'CAMERA_CODEC'],
  ['rtsp://127.0.0.1:99999/: Invalid argument', 'CAPTURE_FAILED'],
  ['error:0A00010B:SSL routines::wrong version number', 'CAMERA_TLS'],
  [
    '[video4linux2,v4l2 @ 0x5572] ioctl(VIDIOC_QUERYCAP): Inappropriate ioctl for device\n' +
      '/dev/null: Inappropriate ioctl for device',
    'CAMERA_FORMAT',
  ],
];
for (const [stderr, code, ranForMs = 100] of MESSAGES) {
  test(`${code} after ${ranForMs} ms: ${stderr.split('\n').at(-1)}`, () => {
    const exit = { exitCode: 1, signal: null, stderr, ranForMs };
    assert.equal(parseStreamFailure(exit, SOCKET_TIMEOUT_MS)?.code, code);
  });
}

test('the detail has the last lines without addresses, repeats and credentials', () => {
  const stderr =
    "[rtsp @ 0x55] method DESCRIBE failed: 401 Unauthorized\n[concat @ 0x55] Impossible to open 'rtsp://u:p@h/'\n" +
    '[h264 @ 0x1] no frame!\n[h264 @ 0x2] no frame!\npipe:0: Server returned 401 Unauthorized\n';
  const failure = parseStreamFailure({ exitCode: 1, signal: null, stderr, ranForMs: 1 }, SOCKET_TIMEOUT_MS);
  assert.equal(
    failure?.detail,
    "user and password are not accepted (Impossible to open 'rtsp://***@h/'; no frame!; Server returned 401 Unauthorized)",
  );
});

test('a stream without video is named without the filters', () => {
  const stderr = "Stream specifier ':v:0' in filtergraph description [0:v:0]fps=5[a] matches no streams.\n";
  const failure = parseStreamFailure({ exitCode: 1, signal: null, stderr, ranForMs: 1 }, SOCKET_TIMEOUT_MS);
  assert.equal(failure?.detail, "there is no video in it (Stream specifier ':v:0' matches no streams.)");
});

const SILENT: readonly (readonly [number | null, string | null, string | undefined])[] = [
  [0, null, undefined],
  [69, null, 'ffmpeg ended with exit status 69'],
  [null, 'SIGKILL', 'ffmpeg ended with signal SIGKILL'],
];
for (const [exitCode, signal, detail] of SILENT) {
  test(`an ffmpeg that says nothing and leaves with ${signal ?? exitCode}: ${detail ?? 'no failure'}`, () => {
    const failure = parseStreamFailure({ exitCode, signal, stderr: '', ranForMs: 1 }, SOCKET_TIMEOUT_MS);
    assert.equal(failure?.detail, detail);
  });
}

test('a playlist that ended at a file it could not open has failed, however well ffmpeg left', () => {
  const line = "[concat @ 0x1] Impossible to open 'file:/clips/it's 4.jpg'";
  const stderr = `${line}\npipe:0: Permission denied\n`;
  assert.equal(findUnopened(stderr), "/clips/it's 4.jpg");
  assert.equal(keepFatal(`[mjpeg @ 0x2] no frame!\n${stderr}`), stderr);
  assert.equal(keepFatal('[mjpeg @ 0x2] no frame!\n'), '');
  const failure = parseStreamFailure({ exitCode: 0, signal: null, stderr, ranForMs: 1 }, SOCKET_TIMEOUT_MS);
  assert.equal(failure?.code, 'CAPTURE_FAILED');
});
