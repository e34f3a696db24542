import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable, wrapText } from './table.ts';

test('columns line up', () => {
  assert.equal(formatTable(['id', 'state'], [['gate-1', 'ready']]), 'id      state\ngate-1  ready');
});

test('text is broken between words, and paragraphs stay apart', () => {
  assert.deepEqual(wrapText('one two\nthree four\n\nfive', 9), ['one two', 'three', 'four', '', 'five']);
  assert.deepEqual(wrapText('a-very-long-word b', 5), ['a-very-long-word', 'b']);
});
