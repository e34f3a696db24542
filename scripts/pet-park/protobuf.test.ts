import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage } from './protobuf.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('the examples of the protobuf documentation are encoded as written there', () => {
  assert.equal(hex(encodeMessage([{ kind: 'integer', number: 1, value: 150 }])), '089601');
  assert.equal(hex(encodeMessage([{ kind: 'text', number: 2, value: 'testing' }])), '120774657374696e67');
  const inner = [{ kind: 'integer', number: 1, value: 150 }] as const;
  assert.equal(hex(encodeMessage([{ kind: 'message', number: 3, fields: inner }])), '1a03089601');
});

test('a float takes four bytes, the lowest first', () => {
  assert.equal(hex(encodeMessage([{ kind: 'float', number: 2, value: 1 }])), '150000803f');
});
