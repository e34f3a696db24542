import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSceneSplitter, type Scene } from './scene.ts';

const ppm = (width: number, height: number, level: number): Uint8Array =>
  Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), Buffer.alloc(width * height * 3, level)]);

for (const chunkBytes of [1, 3, 11, 12, 100, 10_000]) {
  test(`scenes of different sizes are whole in chunks of ${chunkBytes}`, () => {
    const scenes: Scene[] = [];
    const push = createSceneSplitter((scene) => scenes.push(scene));
    const stream = Buffer.concat([ppm(4, 2, 7), ppm(12, 10, 10), ppm(1, 1, 255)]);
    for (let at = 0; at < stream.length; at += chunkBytes) push(stream.subarray(at, at + chunkBytes));
    assert.deepEqual(
      scenes.map(({ width, height, rgb }) => [width, height, rgb.length, rgb[0], rgb.at(-1)]),
      [
        [4, 2, 24, 7, 7],
        [12, 10, 360, 10, 10],
        [1, 1, 3, 255, 255],
      ],
    );
  });
}

test('what is no picture is refused', () => {
  const push = createSceneSplitter(() => assert.fail('a scene'));
  assert.throws(() => push(Buffer.from('RIFF and something else altogether')), /no picture/);
});
