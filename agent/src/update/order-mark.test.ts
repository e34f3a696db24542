import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { judgeOrder, markOf, type OrderVerdict } from './order-mark.ts';

const NEWEST: Order = {
  deviceId: 'gate-3',
  deploymentId: 'd5',
  target: 'models/pets/1.0.0',
  sha256: 'a'.repeat(64),
  length: 2,
  releaseCounter: 1,
  counter: 5,
  notBeforeMs: 0,
  expiresMs: 1,
  nonce: 'nonce of order 5',
};

const TABLE: readonly (readonly [what: string, change: Partial<Order>, verdict: OrderVerdict['kind']])[] = [
  ['the order that holds', {}, 'again'],
  ['the next order', { counter: 6, deploymentId: 'd6', nonce: 'nonce of order 6' }, 'fresh'],
  ['an order after a gap', { counter: 900, deploymentId: 'd9', nonce: 'nonce of order 9' }, 'fresh'],
  ['the deployment that holds, ordered again', { counter: 6, nonce: 'nonce of order 6' }, 'fresh'],
  ['an older order', { counter: 4, deploymentId: 'd4', nonce: 'nonce of order 4' }, 'replayed'],
  ['the first order', { counter: 1, deploymentId: 'd1', nonce: 'nonce of order 1' }, 'replayed'],
  ['another deployment with the same counter', { deploymentId: 'd6' }, 'replayed'],
  ['another nonce with the same counter', { nonce: 'nonce of order 6' }, 'replayed'],
  ['a newer order with the nonce of the one before', { counter: 6, deploymentId: 'd6' }, 'replayed'],
];

for (const [what, change, verdict] of TABLE) {
  test(`${what} is ${verdict}`, () => {
    assert.equal(judgeOrder(markOf(NEWEST), { ...NEWEST, ...change }).kind, verdict);
  });
}

test('a box without a mark takes any order', () => {
  assert.equal(judgeOrder(undefined, NEWEST).kind, 'fresh');
});
