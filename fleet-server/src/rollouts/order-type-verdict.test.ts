import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findUnknownType } from './order-type-verdict.ts';

test('who cannot carry out a type of order is unfit for it, with the reason', () => {
  assert.equal(findUnknownType('forced', ['forced']), undefined);
  assert.equal(findUnknownType('soft', ['forced', 'soft']), undefined);
  assert.equal(findUnknownType('soft', undefined), undefined);
  const unfit = findUnknownType('download_only', ['forced', 'soft']);
  assert.equal(unfit?.code, 'UNFIT_AGENT');
  assert.match(unfit?.detail ?? '', /no orders of type download_only/);
});
