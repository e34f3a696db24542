import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { FAMILIES } from './attacks/families.ts';
import { runAttack } from './attacks/run-attacks.ts';

for (const { name: family, attacks, close } of FAMILIES)
  describe(family, () => {
    after(close);
    for (const attack of attacks)
      test(`rejected: ${attack.name}`, async () => {
        const { problem, ...outcome } = await runAttack(attack);
        const expected = { family, name: attack.name, attack: 'rejected', twin: 'accepted' };
        assert.deepEqual(outcome, expected, problem);
      });
  });
