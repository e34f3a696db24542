import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable } from './table.ts';

test('columns line up', () => {
  assert.equal(formatTable(['id', 'state'], [['gate-1', 'ready']]), 'id      state\ngate-1  ready');
});
