import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChildReply } from '../../agent/src/inference/child-messages.ts';
import {
  createReplyReader,
  decodeRequest,
  encodeReply,
  encodeRequest,
  HEADER_BYTES,
  readHeader,
} from '../../agent/src/inference/child-wire.ts';

const CPU: ChildReply = { kind: 'loaded', executionProviders: ['cpu'], setbacks: [] };
const BYE: ChildReply = { kind: 'released' };

function readAll(chunks: readonly Uint8Array[]): readonly ChildReply[] {
  const replies: ChildReply[] = [];
  const read = createReplyReader((reply) => replies.push(reply));
  for (const chunk of chunks) read(Buffer.from(chunk));
  return replies;
}

test('a reply is read however it is cut', () => {
  const bytes = Buffer.concat([encodeReply(CPU), encodeReply(BYE)]);
  for (let at = 1; at < bytes.length; at += 1)
    assert.deepEqual(readAll([bytes.subarray(0, at), bytes.subarray(at)]), [CPU, BYE]);
  assert.deepEqual(readAll([...bytes].map((byte) => Uint8Array.of(byte))), [CPU, BYE]);
});

test('pixels are not copied into the message', () => {
  const rgb = Uint8Array.of(1, 2, 3);
  const [message = Buffer.alloc(0), pixels = Buffer.alloc(0), ...more] = encodeRequest({
    kind: 'classify',
    rgb,
  });
  assert.equal(pixels, rgb);
  assert.deepEqual(more, []);
  const lengths = readHeader(Buffer.from(message));
  assert.deepEqual(lengths, { messageBytes: message.length - HEADER_BYTES, pixelBytes: 3 });
  assert.deepEqual(decodeRequest(message.subarray(HEADER_BYTES), pixels), { kind: 'classify', rgb });
});

test('what is no reply is told from one', () => {
  assert.throws(() => readAll([Buffer.alloc(HEADER_BYTES, 0xff)]), RangeError);
  const gibberish = Buffer.alloc(HEADER_BYTES + 4, 1);
  gibberish.writeUInt32LE(4, 0);
  assert.throws(() => readAll([gibberish]));
});
