import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeRoom, type Inventory, planRemoval, type Referenced } from './removal.ts';

const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [string, string, string];
const [X, Y, Z] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string];
const FULL: Inventory = {
  bundles: [A, B, `${C}.new`],
  objects: [X, Y, `${Z}.part`, `${Z}.part.journal`],
  graphs: [`${X}-made-for`, `${Y}-made-for`, 'damaged'],
};

const TABLE: readonly {
  readonly name: string;
  readonly referenced: Referenced;
  readonly gone: Inventory;
}[] = [
  {
    name: 'what nothing refers to goes',
    referenced: { digests: [], contents: [] },
    gone: FULL,
  },
  {
    name: 'bundles of slots stay with their files',
    referenced: { digests: [A, B], contents: [X, Y] },
    gone: { bundles: [`${C}.new`], objects: [`${Z}.part`, `${Z}.part.journal`], graphs: ['damaged'] },
  },
  {
    name: 'downloads of the deployment in work stay',
    referenced: { digests: [A, C], contents: [X], wanted: [Z] },
    gone: { bundles: [B, `${C}.new`], objects: [Y], graphs: [`${Y}-made-for`, 'damaged'] },
  },
  {
    name: 'while it is not known which files a bundle in work needs, all of them stay',
    referenced: { digests: [A], contents: undefined },
    gone: { bundles: [B, `${C}.new`], objects: [], graphs: [] },
  },
];

for (const { name, referenced, gone } of TABLE) {
  test(name, () => assert.deepEqual(planRemoval(FULL, referenced), gone));
}

test('what two bundles share needs its room once', () => {
  const [big, small] = [
    { sha256: X, sizeBytes: 100 },
    { sha256: Y, sizeBytes: 1 },
  ];
  assert.deepEqual(computeRoom([big, small], [big], 101), { kind: 'enough' });
  assert.deepEqual(computeRoom([big], [small], 100), { kind: 'never', neededBytes: 101 });
});
