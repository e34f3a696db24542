import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceState } from '@watchpost/shared/lifecycle/device.ts';
import { judgeApplication } from './application-verdict.ts';

const CASES: readonly (readonly [DeviceState, string, string])[] = [
  ['preauthorized', 'own', 'welcome'],
  ['preauthorized', 'other', 'refused'],
  ['pending', 'own', 'pending'],
  ['pending', 'other', 'refused'],
  ['accepted', 'own', 'welcome'],
  ['accepted', 'other', 'refused'],
  ['rejected', 'own', 'refused'],
  ['rejected', 'other', 'pending'],
  ['decommissioned', 'own', 'refused'],
  ['decommissioned', 'other', 'refused'],
];

for (const [state, key, verdict] of CASES)
  test(`a box with the ${key} key of a ${state} device is ${verdict}`, () => {
    assert.equal(judgeApplication({ state, fingerprint: 'own' }, key).kind, verdict);
  });

test('a box nobody knows waits for a person', () => {
  assert.equal(judgeApplication(undefined, 'key').kind, 'pending');
});
