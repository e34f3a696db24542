import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DecodeTier } from '../port.ts';
import { type Decoder, planDecoder, SOFTWARE } from './decode-method.ts';

const CASES: readonly (readonly [string, Decoder, DecodeTier, string, string])[] = [
  ['software', SOFTWARE, 'every', '', ''],
  [
    'VAAPI on its render node',
    { method: 'vaapi', codec: 'h264', device: '/dev/dri/renderD129' },
    'every',
    '-hwaccel vaapi -hwaccel_output_format vaapi -hwaccel_device /dev/dri/renderD129',
    'hwdownload,format=nv12|p010le',
  ],
  [
    'NVDEC, keyframes too',
    { method: 'cuda', codec: 'hevc' },
    'keyframes',
    '-hwaccel cuda -hwaccel_output_format cuda',
    'hwdownload,format=nv12|p010le',
  ],
  [
    'V4L2 M2M, whose pictures lie in memory',
    { method: 'v4l2m2m', codec: 'h264' },
    'every',
    '-c:v h264_v4l2m2m',
    '',
  ],
  ['V4L2 M2M for keyframes: without it', { method: 'v4l2m2m', codec: 'h264' }, 'keyframes', '', ''],
  [
    'Rockchip',
    { method: 'rkmpp', codec: 'hevc' },
    'every',
    '-c:v hevc_rkmpp',
    'hwdownload,format=nv12|p010le',
  ],
];
for (const [name, decoder, tier, input, download] of CASES) {
  test(`decoding with ${name}`, () => {
    const planned = planDecoder(decoder, tier);
    assert.equal(planned.input.join(' '), input);
    assert.equal(planned.download.join(','), download);
  });
}
