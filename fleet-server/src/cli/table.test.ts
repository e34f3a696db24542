import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitTable, formatTable, wrapText } from './table.ts';

test('columns line up', () => {
  assert.equal(formatTable(['id', 'state'], [['gate-1', 'ready']]), 'id      state\ngate-1  ready');
});

test('a table that is too wide is cut where it is widest', () => {
  const rows = [
    ['gate-1', 'a long description'],
    ['a-gate-2', 'short'],
  ];
  assert.equal(fitTable(['ID', 'TEXT'], rows, 18), 'ID        TEXT\ngate-1    a long …\na-gate-2  short');
  assert.equal(fitTable(['ID', 'TEXT'], rows, 80), formatTable(['ID', 'TEXT'], rows));
});

test('text is broken between words, and paragraphs stay apart', () => {
  assert.deepEqual(wrapText('one two\nthree four\n\nfive', 9), ['one two', 'three', 'four', '', 'five']);
  assert.deepEqual(wrapText('a-very-long-word b', 5), ['a-very-long-word', 'b']);
});
