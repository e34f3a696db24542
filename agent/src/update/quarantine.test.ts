import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addToQuarantine,
  findInQuarantine,
  isModelsFault,
  liftFromQuarantine,
  MAX_QUARANTINED,
  type Quarantine,
  type QuarantineEntry,
} from './quarantine.ts';

const entry = (digest: string, code = 'SELFTEST_FAILED'): QuarantineEntry => ({
  digest,
  code,
  detail: 'golden frame cat.bin gives 0.1',
  deploymentId: 'd1',
  atMs: 1,
});

test('a digest that failed twice is there once, with its newest failure', () => {
  const twice = addToQuarantine([entry('a'), entry('b')], entry('a', 'PROBATION_FAILED'));
  assert.deepEqual(
    twice.map(({ digest, code }) => `${digest} ${code}`),
    ['b SELFTEST_FAILED', 'a PROBATION_FAILED'],
  );
});

test('what is lifted is gone, the rest stays', () => {
  const rest = liftFromQuarantine([entry('a'), entry('b')], 'a');
  assert.equal(findInQuarantine(rest, 'a'), undefined);
  assert.equal(findInQuarantine(rest, 'b')?.digest, 'b');
});

test('the oldest are forgotten when there are too many', () => {
  let quarantine: Quarantine = [];
  for (let number = 0; number < MAX_QUARANTINED + 5; number += 1) {
    quarantine = addToQuarantine(quarantine, entry(String(number)));
  }
  assert.equal(quarantine.length, MAX_QUARANTINED);
  assert.equal(quarantine[0]?.digest, '5');
});

test('disk, network and server are not held against a model', () => {
  for (const code of ['DISK_FULL', 'STORE_FAILED', 'BUNDLE_DIGEST_MISMATCH', 'SERVER_UNREACHABLE']) {
    assert.ok(!isModelsFault(code), code);
  }
  for (const code of ['SELFTEST_FAILED', 'INFERENCE_CRASHED', 'PROBATION_FAILED', 'DEPLOYMENT_INTERRUPTED']) {
    assert.ok(isModelsFault(code), code);
  }
});
