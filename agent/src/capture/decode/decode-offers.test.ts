import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DecodeFacts, findHindrance, findOffers } from './decode-offers.ts';

const DEBIAN: DecodeFacts = {
  hwaccels: 'Hardware acceleration methods:\nvdpau\ncuda\nvaapi\nqsv\n\n',
  decoders: ` VFS..D h264                 H.264 / AVC
 V..... h264_v4l2m2m         V4L2 mem2mem H.264 decoder wrapper (codec h264)
 V....D hevc_qsv             HEVC video
 V..... hevc_v4l2m2m         V4L2 mem2mem HEVC decoder wrapper (codec hevc)
`,
  devices: [],
};

test('without device files nothing is offered, and each says what is missing', () => {
  const offers = Object.entries(findOffers(DEBIAN)).map(([method, offer]) => [
    method,
    offer.isOffered ? '' : offer.why,
  ]);
  assert.deepEqual(offers, [
    ['vaapi', 'there is no /dev/dri/renderD*'],
    ['cuda', 'there is no /dev/nvidiactl'],
    ['v4l2m2m', 'there is no /dev/video*'],
    ['rkmpp', 'there is neither /dev/mpp_service nor /dev/rkvdec'],
  ]);
});

const BOARDS: readonly (readonly [string, readonly string[], Readonly<Record<string, unknown>>])[] = [
  [
    'an Intel box',
    ['/dev/dri/card0', '/dev/dri/renderD128'],
    { vaapi: { isOffered: true, device: '/dev/dri/renderD128' } },
  ],
  ['a box with an NVIDIA card', ['/dev/nvidia0', '/dev/nvidiactl'], { cuda: { isOffered: true } }],
  ['a Raspberry Pi', ['/dev/video10'], { v4l2m2m: { isOffered: true, codecs: ['h264', 'hevc'] } }],
  [
    'a Rockchip board whose ffmpeg knows nothing of it',
    ['/dev/mpp_service'],
    { rkmpp: { isOffered: false, why: 'this ffmpeg was built without it' } },
  ],
];
for (const [name, devices, expected] of BOARDS) {
  test(`what ${name} offers`, () => {
    const offers = findOffers({ ...DEBIAN, devices });
    for (const [method, offer] of Object.entries(expected)) assert.deepEqual(offers[method as 'cuda'], offer);
  });
}

test('a codec without a decoder of its own is a hindrance, an accelerator is tried', () => {
  const { v4l2m2m } = findOffers({ ...DEBIAN, devices: ['/dev/video10'] });
  assert.equal(findHindrance(v4l2m2m, 'h264'), undefined);
  assert.match(findHindrance(v4l2m2m, 'av1') ?? '', /no such decoder for av1/);
  assert.equal(findHindrance({ isOffered: true }, 'av1'), undefined);
  assert.equal(findHindrance({ isOffered: false, why: 'no device' }, 'h264'), 'no device');
});
