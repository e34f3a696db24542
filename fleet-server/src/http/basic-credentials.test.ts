import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBasicCredentials } from './basic-credentials.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

test('name and secret are split at the first colon', () => {
  assert.deepEqual(parseBasicCredentials(basic('box-1:a:b')), { name: 'box-1', secret: 'a:b' });
});

test('anything else is no credentials', () => {
  for (const header of [undefined, '', 'Bearer x', 'Basic ###', basic('no colon'), basic(':secret')])
    assert.equal(parseBasicCredentials(header), undefined);
});
