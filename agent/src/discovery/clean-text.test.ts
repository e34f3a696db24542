import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanStreamUrl, cleanText } from './clean-text.ts';

const SECRETS: readonly (readonly [string, string])[] = [
  ['abc_def9', 'password=abc_def9'],
  ['p;q9', 'user=admin&pwd=p;q9&channel=1'],
  ['a/b', 'password=a%2Fb'],
  ['a/b', 'password=a%2fb'],
  ['a/b', 'password=a/b'],
];
for (const [secret, query] of SECRETS) {
  test(`nothing of the password ${secret} is shown of ${query}`, () => {
    const url = cleanStreamUrl(`rtsp://10.0.0.3/cam?${query}`, secret)?.url ?? '';
    assert.equal(url, `rtsp://10.0.0.3/cam?${query.replace(/=[^=&]*(?=$|&channel)/, '=***')}`);
  });
}

test('control letters, line breaks and turned writing of a camera reach no terminal', () => {
  assert.equal(cleanText('\u001b[31mEvil\r\nCam\u202e  x\u0000'), '[31mEvil Cam x');
  assert.equal(cleanText('x'.repeat(500)).length, 80);
  assert.equal(cleanText(7), '7');
  assert.equal(cleanText({ a: 1 }), '');
});

const URLS: readonly (readonly [string, string | undefined, boolean?])[] = [
  ['rtsp://10.0.0.3:554/Streaming/102?x=1', 'rtsp://10.0.0.3:554/Streaming/102?x=1', false],
  ['rtsp://admin:p@ss/word@10.0.0.3/1', undefined],
  ['rtsp://admin:secret@10.0.0.3/1', 'rtsp://10.0.0.3/1', false],
  [
    'rtsp://10.0.0.3/user=admin&password=tlJwpbo6&channel=1',
    'rtsp://10.0.0.3/user=admin&password=***&channel=1',
    true,
  ],
  [
    'rtsp://10.0.0.3/user=admin_password=tlJwpbo6_channel=1',
    'rtsp://10.0.0.3/user=admin_password=***_channel=1',
    true,
  ],
  ['rtsp://10.0.0.3/live?token=hunter2', 'rtsp://10.0.0.3/live?token=***', true],
  ['rtsp://10.0.0.3/a b', undefined],
  ['rtsp://10.0.0.3/a\nb', undefined],
  ['file:///etc/passwd', undefined],
  ['', undefined],
];
for (const [text, url, isCensored] of URLS) {
  test(`${JSON.stringify(text)} is shown as ${url ?? 'nothing'}`, () => {
    const clean = cleanStreamUrl(text, 'hunter2');
    assert.deepEqual(clean, url === undefined ? undefined : { url, isCensored });
  });
}
