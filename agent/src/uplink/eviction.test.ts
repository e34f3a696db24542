import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseVictim } from './eviction.ts';

test('when there is telemetry, it is evicted before anything older', () => {
  const heads = [
    { stream: 'event', createdAtMs: 1 },
    { stream: 'telemetry', createdAtMs: 9 },
    { stream: 'deployment', createdAtMs: 2 },
  ] as const;
  assert.equal(chooseVictim(heads), 'telemetry');
});

test('when only events and deployment changes are left, the older one is evicted', () => {
  const event = { stream: 'event', createdAtMs: 5 } as const;
  assert.equal(chooseVictim([event, { stream: 'deployment', createdAtMs: 6 }]), 'event');
  assert.equal(chooseVictim([event, { stream: 'deployment', createdAtMs: 4 }]), 'deployment');
});

test('when nothing is held, nothing is evicted', () => {
  assert.equal(chooseVictim([]), undefined);
});
