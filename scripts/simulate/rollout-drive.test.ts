import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceleratePolicy } from './rollout-drive.ts';

test('what waits in a policy is shorter by the factor, what counts stays', () => {
  assert.deepEqual(
    acceleratePolicy(
      {
        soakSeconds: 600,
        minExecuted: 5,
        rate: { base: 10, increment: 2, max: 100 },
        timeoutMinutes: 120,
        stepTimeoutMinutes: 30,
        gates: [{ gate: 'error_rate', waitMinutes: 60 }, { gate: 'installed' }],
      },
      60,
    ),
    {
      soakSeconds: 10,
      minExecuted: 5,
      rate: { base: 600, increment: 2, max: 6000 },
      timeoutMinutes: 2,
      stepTimeoutMinutes: 1,
      gates: [{ gate: 'error_rate', waitMinutes: 1 }, { gate: 'installed' }],
    },
  );
  assert.deepEqual(acceleratePolicy({ soakSeconds: 0 }, 60), { soakSeconds: 0 });
});
