import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hint } from '@watchpost/shared/messages/telemetry.ts';
import { diagnoseHints } from './diagnose-hints.ts';

const hint = (severity: Hint['severity']): Hint => ({
  code: 'disk_filling',
  severity,
  sinceMs: 1,
  evidence: {},
  text: `full soon, ${severity}`,
});

test('what the agent sees coming is a warning, and a problem when it is urgent', () => {
  const checks = diagnoseHints([hint('urgent'), hint('warning'), hint('notice')]);
  assert.deepEqual(
    checks.map(({ name, verdict, found }) => [name, verdict, found]),
    [
      ['early signs', 'problem', 'full soon, urgent'],
      ['early signs', 'warning', 'full soon, warning'],
      ['early signs', 'warning', 'full soon, notice'],
    ],
  );
});

test('an agent that sees nothing coming is well, and one that has not run tells nothing', () => {
  assert.deepEqual(
    diagnoseHints([]).map(({ verdict }) => verdict),
    ['ok'],
  );
  assert.deepEqual(diagnoseHints(undefined), []);
});
