import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planEviction } from './graph-eviction.ts';

const graph = (name: string, sizeBytes: number, writtenAtMs: number) => ({ name, sizeBytes, writtenAtMs });
const KEPT = [graph('new', 40, 3), graph('old', 30, 1), graph('middle', 20, 2)];

for (const [name, neededBytes, maxBytes, evicted] of [
  ['what fits evicts nothing', 10, 100, []],
  ['the oldest goes first', 11, 100, ['old']],
  ['as many go as it takes', 50, 100, ['old', 'middle']],
  ['all go where it takes them', 100, 100, ['old', 'middle', 'new']],
  ['what never fits evicts nothing', 101, 100, undefined],
] as const)
  test(name, () => assert.deepEqual(planEviction(KEPT, neededBytes, maxBytes), evicted));
