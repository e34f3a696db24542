import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStatusBytes } from './process-status.ts';

const FFMPEG = 'Name:\tffmpeg\nVmHWM:\t   9999 kB\nVmRSS:\t   2048 kB\n';

test('what is resident is told in kB', () => {
  assert.equal(parseStatusBytes(FFMPEG, 'VmRSS'), 2048 * 1024);
  assert.equal(parseStatusBytes(FFMPEG, 'VmHWM'), 9999 * 1024);
  assert.equal(parseStatusBytes('Name:\tkthreadd\n', 'VmRSS'), undefined);
});
