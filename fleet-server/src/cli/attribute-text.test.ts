import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAttributes } from './attribute-text.ts';

test('attributes are numbers, yes or no, or texts, and are taken away with a dash', () => {
  const texts = [
    'height=3.5',
    'poe=true',
    'board=rpi5',
    'shelf="007"',
    'note=a=b',
    'none=',
    'old-',
    'zip=08001',
  ];
  assert.deepEqual(parseAttributes(texts), {
    height: 3.5,
    poe: true,
    board: 'rpi5',
    shelf: '007',
    note: 'a=b',
    none: '',
    old: null,
    zip: '08001',
  });
});

for (const text of ['height', '=3', '1st=2', '-', 'a b=1'])
  test(`"${text}" is no attribute`, () =>
    assert.throws(() => parseAttributes([text]), { code: 'USAGE', message: /NAME=VALUE/ }));
