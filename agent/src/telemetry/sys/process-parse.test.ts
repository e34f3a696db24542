import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listDescendants, nameProcess, parseChildren } from './process-parse.ts';

test('children are a list of numbers', () => {
  assert.deepEqual(parseChildren('14 2077 3 '), [14, 2077, 3]);
  assert.deepEqual(parseChildren(''), []);
});

const NAMES = [
  ['ffmpeg\0-i\0rtsp://user:secret@camera/stream.js\0', 'ffmpeg'],
  ['/opt/watchpost/bin/node\0/opt/watchpost/dist/inference/inference-child.js\0', 'inference-child'],
  ['node\0--enable-source-maps\0/src/inference-child.ts\0', 'inference-child'],
  ['/usr/bin/nvidia-smi\0-l\x005\0', 'nvidia-smi'],
  ['node\0', 'node'],
  [`/bin/${'x'.repeat(99)}\0`, 'x'.repeat(32)],
  ['', 'unknown'],
] as const;
for (const [commandLine, name] of NAMES) {
  test(`${JSON.stringify(commandLine.slice(0, 60))} is called ${name}`, () =>
    assert.equal(nameProcess(commandLine), name));
}

test('descendants are children and their children, whatever goes in circles', () => {
  const parents = new Map([
    [2, 1],
    [3, 1],
    [4, 3],
    [9, 8],
    [8, 9],
    [1, 4],
  ]);
  assert.deepEqual(listDescendants(parents, 1), [2, 3, 4]);
  assert.deepEqual(listDescendants(parents, 7), []);
});
