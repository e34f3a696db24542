import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findUrlMistakes } from './url-mistakes.ts';

const CASES: readonly (readonly [string, RegExp | undefined])[] = [
  ['rtsp://192.168.1.20:554/Streaming/Channels/102', undefined],
  ['rtsp://192.168.1.20/cam/realmonitor?channel=1&subtype=1', undefined],
  ['http://192.168.1.20/video.mjpg', undefined],
  ['http://192.168.1.20/axis-cgi/mjpg/video.cgi', undefined],
  ['rtsp://192.168.1.20', /names no stream/],
  ['rtsp://192.168.1.20/', /names no stream/],
  ['rtsp://192.168.1.20:80/live', /port of web pages/],
  ['http://192.168.1.20:554/live', /port of RTSP/],
  ['rtsp://192.168.1/live', /four numbers/],
  ['rtsp://192.168.1.20.3/live', /no address|four numbers/],
  ['http://192.168.20/video.mjpg', /four numbers/],
  ['rtsp://<ip>/live', /no address|place holder/],
  ['rtsp://192.168.1.20/live one', /blank/],
  ['http://192.168.1.20/onvif/device_service', /ONVIF/],
  ['http://192.168.1.20/', /web page/],
  ['http://192.168.1.20/index.html', /web page/],
  ['http://192.168.1.20/snapshot.jpg', /one picture/],
  ['rtsp://localhost:8554/live', /this box itself/],
  ['rtsp://192.168.1.20/live#1', /what follows it is not sent/],
  ['rtsp://', /no address/],
];
for (const [url, mistake] of CASES) {
  test(`${url} ${mistake === undefined ? 'is sound' : `is wrong: ${mistake.source}`}`, () => {
    const found = findUrlMistakes(url, 'stream');
    if (mistake === undefined) assert.deepEqual(found, []);
    else assert.match(found[0]?.found ?? '', mistake);
  });
}

test('an address of single pictures may end as a picture does, and has the other mistakes all the same', () => {
  assert.deepEqual(findUrlMistakes('http://192.168.1.20/snapshot.jpg', 'pictures'), []);
  assert.match(findUrlMistakes('http://192.168.1/snapshot.jpg', 'pictures')[0]?.found ?? '', /four numbers/);
});
