import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRAY } from '../frames/frame-outputs.ts';
import { planVisible, planWatched } from './counted-pixels.ts';

const count = (map: Uint8Array): number => map.reduce((sum, value) => sum + value, 0);
const QUARTER = { x01: 0.5, y01: 0.5, width01: 0.5, height01: 0.5 };
const ALL = GRAY.width * GRAY.height;

test('without masks and regions every pixel counts', () => {
  assert.equal(count(planVisible({ masks: [] })), ALL);
  assert.equal(count(planWatched({ masks: [], regions: [] })), ALL);
});

test('a mask covers every pixel it touches', () => {
  const sliver = { x01: 0.501, y01: 0, width01: 0.001, height01: 1 };
  assert.equal(count(planVisible({ masks: [QUARTER] })), (ALL * 3) / 4);
  assert.equal(count(planVisible({ masks: [sliver] })), ALL - GRAY.height);
});

test('of the regions, what is masked does not count', () => {
  const upper = { id: 'upper', x01: 0, y01: 0, width01: 1, height01: 0.5 };
  const right = { id: 'right', x01: 0.5, y01: 0, width01: 0.5, height01: 1 };
  assert.equal(count(planWatched({ masks: [], regions: [upper, right] })), (ALL * 3) / 4);
  assert.equal(count(planWatched({ masks: [QUARTER], regions: [upper, right] })), ALL / 2);
});

test('an area that reaches over the border ends there', () => {
  assert.equal(count(planVisible({ masks: [{ x01: 0.9, y01: 0, width01: 1, height01: 1 }] })), ALL * 0.9);
});
