import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { drawExamples, INPUT, INPUT_BYTES, shrink } from './examples.ts';
import { createWorld, renderFrame } from './world.ts';

test('pictures are resized as by the area filter of ffmpeg, less than one level apart in the mean', () => {
  const frame = renderFrame(createWorld(5), 5);
  const ours = new Uint8Array(INPUT_BYTES);
  shrink(frame, ours);
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24'];
  const filter = `scale=${INPUT.width}:${INPUT.height}:flags=area`;
  const args = ['-v', 'error', ...raw, '-s', '1280x720', '-i', 'pipe:0', '-vf', filter, ...raw, 'pipe:1'];
  const theirs = spawnSync('ffmpeg', args, { input: frame.rgb, maxBuffer: 1e8 }).stdout;
  assert.equal(theirs.length, INPUT_BYTES);
  const differences = ours.map((value, i) => Math.abs(value - (theirs[i] as number)));
  const mean = differences.reduce((a, b) => a + b, 0) / INPUT_BYTES;
  assert.ok(mean < 1, `mean difference ${mean}`);
});

test('the same plan draws the same examples', () => {
  const plan = {
    split: 'train',
    firstSeed: 3,
    worlds: 1,
    stretchesPerWorld: 2,
    framesPerStretch: 2,
  } as const;
  assert.deepEqual(drawExamples(plan), drawExamples(plan));
});
