import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCredentials, hostOf, parseCredentials, redactUrl, withCredentials } from './camera-url.ts';

const REDACTED: readonly (readonly [string, string])[] = [
  ['rtsp://ann:secret@cam:554/live', 'rtsp://***@cam:554/live'],
  ["Impossible to open 'http://a:b@c@d/x'", "Impossible to open 'http://***@d/x'"],
  ['two: rtsp://a:b@c/ and https://d:e@f/', 'two: rtsp://***@c/ and https://***@f/'],
  ['rtsp://cam/live?user=me@home', 'rtsp://cam/live?user=me@home'],
  ['mail ann@example.org', 'mail ann@example.org'],
];
for (const [text, expected] of REDACTED) {
  test(`${expected} tells no password`, () => {
    assert.equal(redactUrl(text), expected);
    assert.equal(hasCredentials(text), text !== expected);
  });
}

test('credentials are percent-encoded and replace those of the address', () => {
  const credentials = { user: 'a b', password: '$&@/:' };
  assert.equal(withCredentials('rtsp://old:one@cam/1', credentials), 'rtsp://a%20b:%24%26%40%2F%3A@cam/1');
});

test('a credentials file is user:password on its first line; the password may hold colons', () => {
  assert.deepEqual(parseCredentials('ann:pa:ss\r\n# note'), { user: 'ann', password: 'pa:ss' });
  assert.deepEqual(parseCredentials('ann:'), { user: 'ann', password: '' });
  assert.equal(parseCredentials(':secret'), undefined);
  assert.equal(parseCredentials('secret'), undefined);
});

test('the host of an address has its port, and no credentials', () => {
  assert.equal(hostOf('rtsp://a:b@NVR.local:554/ch/1?x=1'), 'nvr.local:554');
  assert.equal(hostOf('http://cam'), 'cam');
});
