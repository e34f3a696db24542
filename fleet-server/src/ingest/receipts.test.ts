import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeReceipts } from './receipts.ts';

test('each device and epoch gets one receipt with all its streams', () => {
  const receipts = computeReceipts([
    { deviceId: 'box-1', epoch: 'a', stream: 'event', upTo: 7 },
    { deviceId: 'box-2', epoch: 'a', stream: 'event', upTo: 1 },
    { deviceId: 'box-1', epoch: 'a', stream: 'telemetry', upTo: 0 },
    { deviceId: 'box-1', epoch: 'b', stream: 'event', upTo: 2 },
  ]);
  assert.deepEqual(receipts, [
    { deviceId: 'box-1', receipt: { epoch: 'a', upTo: { event: 7, telemetry: 0 } } },
    { deviceId: 'box-2', receipt: { epoch: 'a', upTo: { event: 1 } } },
    { deviceId: 'box-1', receipt: { epoch: 'b', upTo: { event: 2 } } },
  ]);
});

test('no cursor, no receipt', () => {
  assert.deepEqual(computeReceipts([]), []);
});
