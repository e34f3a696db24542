import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderTypesOf } from './order.ts';

test('an agent that says nothing of types carries out forced orders only; one that never spoke is not judged', () => {
  assert.deepEqual(orderTypesOf({ agentVersion: '0.1.0' }), ['forced']);
  assert.deepEqual(orderTypesOf({ agentVersion: '0.1.0', orderTypes: ['forced', 'soft'] }), [
    'forced',
    'soft',
  ]);
  assert.equal(orderTypesOf({}), undefined);
  assert.equal(orderTypesOf(undefined), undefined);
});
