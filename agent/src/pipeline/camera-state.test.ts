import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeCameraState, type ViewState } from './camera-state.ts';

const view = (region: string, score: number, sinceMs: number, label?: string): ViewState => ({
  region,
  score,
  sinceMs,
  ...(label !== undefined && { label }),
});

test('a camera without regions shows what is seen in its picture', () => {
  assert.deepEqual(computeCameraState([{ label: 'cat', score: 0.9, sinceMs: 5 }]), {
    label: 'cat',
    score: 0.9,
    sinceMs: 5,
  });
});

test('of several regions the highest score counts, however high that of a region in which nothing is seen', () => {
  const views = [view('door', 0.7, 5, 'cat'), view('yard', 0.8, 9, 'dog'), view('gate', 0.99, 1)] as const;
  const { regions, ...seen } = computeCameraState(views);
  assert.deepEqual(seen, { label: 'dog', score: 0.8, sinceMs: 9 });
  assert.deepEqual(regions, [
    { id: 'door', score: 0.7, sinceMs: 5, label: 'cat' },
    { id: 'yard', score: 0.8, sinceMs: 9, label: 'dog' },
    { id: 'gate', score: 0.99, sinceMs: 1 },
  ]);
});

test('of equal scores the one that is longer in view counts', () => {
  assert.equal(computeCameraState([view('a', 0.8, 9, 'dog'), view('b', 0.8, 5, 'cat')]).label, 'cat');
});

test('where nothing is seen, that is so since the last region saw something', () => {
  const { label, sinceMs } = computeCameraState([view('a', 0.1, 5), view('b', 0.2, 9), view('c', 0.3, 7)]);
  assert.deepEqual([label, sinceMs], [undefined, 9]);
});
