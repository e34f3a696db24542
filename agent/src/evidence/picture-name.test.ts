import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPictureName, parsePictureName } from './picture-name.ts';

for (const [picture, name] of [
  [{ number: 1, offsetMs: -2_950, isDue: false }, '01_-2950.jpg'],
  [{ number: 9, offsetMs: 0, isDue: true }, '09_0.due.jpg'],
  [{ number: 12, offsetMs: 3_004, isDue: false }, '12_3004.jpg'],
] as const)
  test(`a picture is named ${name}, and known by it again`, () => {
    assert.equal(formatPictureName(picture), name);
    assert.deepEqual(parsePictureName(name), picture);
  });

for (const name of ['01_0.jpg.tmp', '1_0.jpg', '00_0.jpg', '01_x.jpg', '01_0.png', '.jpg', 'removed.txt'])
  test(`${name} is no picture`, () => assert.equal(parsePictureName(name), undefined));
