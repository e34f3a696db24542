import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STRETCH_SEC, stretchAt, truthOf } from './timeline.ts';
import { createWorld, type Frame, type ParkWorld, renderFrame, truthAt } from './world.ts';

const WIDTH = 320;

/** Pixels of the park that differ from the same moment without anybody in it. */
function changedShare(world: ParkWorld, frame: Frame, timeSec: number): number {
  const empty: ParkWorld = {
    ...world,
    poses: {
      stretchIndex: Math.floor(timeSec / STRETCH_SEC),
      stretch: { animals: [], people: [] },
      sprites: new Map(),
      textures: new Map(),
    },
  };
  const without = renderFrame(empty, timeSec).rgb;
  let changed = 0;
  for (let i = 0; i < without.length; i += 3) if (frame.rgb[i] !== without[i]) changed++;
  return changed / (without.length / 3);
}

test('when a world is made twice from one seed, every frame has the same bytes in any order', () => {
  const first = createWorld(7, { width: WIDTH });
  const second = createWorld(7, { width: WIDTH });
  const forwards = [3, 15, 27].map((sec) => renderFrame(first, sec));
  const backwards = [27, 15, 3].map((sec) => renderFrame(second, sec)).toReversed();
  assert.deepEqual(
    forwards.map((frame) => Buffer.from(frame.rgb).toString('base64')),
    backwards.map((frame) => Buffer.from(frame.rgb).toString('base64')),
  );
});

test('when a buffer of an earlier frame is reused, nothing of that frame is left', () => {
  const world = createWorld(7, { width: WIDTH });
  const used = renderFrame(world, 5).rgb;
  assert.deepEqual(renderFrame(world, 17, used).rgb, renderFrame(world, 17).rgb);
});

test('when the seed or the split differs, the park differs', () => {
  const base = createWorld(7, { width: WIDTH });
  assert.notDeepEqual(createWorld(8, { width: WIDTH }).background, base.background);
  assert.notDeepEqual(createWorld(7, { width: WIDTH, split: 'train' }).background, base.background);
  assert.notDeepEqual(stretchAt(7, 'train', 0), stretchAt(7, 'test', 0));
});

test('train and test worlds share no coat colour', () => {
  const coats = (split: 'train' | 'test'): string[] =>
    Array.from({ length: 40 }, (_, i) => stretchAt(i, split, i))
      .flatMap((stretch) => stretch.animals)
      .map((animal) => animal.coat.base.join());
  const trained = new Set(coats('train'));
  assert.ok(coats('test').every((coat) => !trained.has(coat)));
});

test('the truth agrees with what is drawn', () => {
  for (const seed of [1, 2, 3]) {
    const world = createWorld(seed, { width: WIDTH });
    for (let sec = 0.5; sec < 60; sec += 3.1) {
      const frame = renderFrame(world, sec);
      assert.deepEqual(frame.truth, truthAt(world, sec));
      if (frame.truth.people > 0) continue;
      const changed = changedShare(world, frame, sec);
      if (frame.truth.label === 'none')
        assert.ok(changed < 0.02, `seed ${seed} at ${sec} s shows ${changed}`);
      if (frame.truth.label === 'cat' || frame.truth.label === 'dog') {
        assert.ok(changed > 0.015, `seed ${seed} at ${sec} s shows only ${changed}`);
      }
    }
  }
});

test('in every minute there are two stretches with cats, two with dogs, one without, and never both kinds', () => {
  for (let minute = 0; minute < 12; minute++) {
    const labels = Array.from({ length: 5 }, (_, i) => {
      const stretch = stretchAt(minute, 'test', minute * 5 + i);
      const seen = new Set(Array.from({ length: 120 }, (_, tenth) => truthOf(stretch, tenth / 10).label));
      assert.ok(!seen.has('mixed'));
      assert.equal(truthOf(stretch, STRETCH_SEC - 0.04).label, 'none');
      return seen.has('cat') ? 'cat' : seen.has('dog') ? 'dog' : 'none';
    });
    assert.deepEqual(labels.toSorted(), ['cat', 'cat', 'dog', 'dog', 'none']);
  }
});
