import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { parseDeviceList } from './device-list-file.ts';

const KEY = 'a'.repeat(64);

test('a heading, empty lines and upper case are no problem', () => {
  const text = `id,fingerprint\r\nbox-1, ${KEY}\n\nbox-2,${KEY.toUpperCase()}\n`;
  assert.deepEqual(parseDeviceList(text, 'f'), [
    { id: 'box-1', fingerprint: KEY },
    { id: 'box-2', fingerprint: KEY },
  ]);
});

for (const line of ['box-1', `Box 1,${KEY}`, 'box-1,abc', `box-1,${KEY},x`, ''])
  test(`"${line}" is refused`, () => {
    assert.throws(
      () => parseDeviceList(line, 'f'),
      (error) => isAppError(error, 'USAGE'),
    );
  });
