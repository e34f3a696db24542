import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandRoles } from './roles.ts';

for (const [given, all] of [
  [[], []],
  [['viewer'], ['viewer']],
  [['operator'], ['viewer', 'operator']],
  [['qa'], ['viewer', 'qa']],
  [
    ['qa', 'operator'],
    ['viewer', 'operator', 'qa'],
  ],
  [['admin'], ['viewer', 'operator', 'qa', 'admin']],
] as const)
  test(`"${given.join(', ')}" may act as "${all.join(', ')}"`, () => {
    assert.deepEqual(expandRoles(given), all);
  });
