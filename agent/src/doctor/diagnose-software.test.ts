import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnoseSoftware, type FfmpegTexts } from './diagnose-software.ts';

const FULL: FfmpegTexts = {
  version: 'ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers\n',
  demuxers: ' D  rtsp            RTSP input\n D  mjpeg   raw\n D  mpjpeg  MIME\n D  concat  Virtual\n',
  decoders: ' VFS..D h264   H.264\n VFS..D hevc   HEVC\n VFS..D mjpeg  MJPEG\n',
  protocols: 'Input:\n  tcp\n  udp\n  http\n  https\n  tls\n  pipe\nOutput:\n  tcp\n',
  hasProbe: true,
};

const CASES: readonly (readonly [string, Partial<FfmpegTexts>, readonly string[], RegExp])[] = [
  ['is complete', {}, ['ok'], /ffmpeg 5\.1\.9/],
  ['is a build of the day', { version: 'ffmpeg version N-117000-gabc123 Copyright' }, ['ok'], /N-117000/],
  ['is missing', { version: undefined }, ['problem'], /cannot be run/],
  ['is too old', { version: 'ffmpeg version 4.4.2-0ubuntu0 Copyright' }, ['problem'], /too old/],
  ['lacks a decoder', { decoders: ' VFS..D h264\n VFS..D mjpeg\n' }, ['ok', 'warning'], /hevc \(decoders\)/],
  ['comes without ffprobe', { hasProbe: false }, ['ok', 'warning'], /ffprobe/],
];
for (const [name, change, verdicts, found] of CASES) {
  test(`an ffmpeg that ${name} is ${verdicts.join(', ')}`, () => {
    const checks = diagnoseSoftware({ ...FULL, ...change });
    assert.deepEqual(
      checks.map(({ verdict }) => verdict),
      verdicts,
    );
    assert.match(checks.at(-1)?.found ?? '', found);
  });
}
