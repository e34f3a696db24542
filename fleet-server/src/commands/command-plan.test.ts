import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMAND_NAMES } from '@watchpost/shared/messages/command.ts';
import { MAX_COMMAND_LIFE_MS } from '@watchpost/shared/trust/command-order.ts';
import type { CommandRecord } from '../store/port.ts';
import { DEFAULT_LIFE_SEC, planSends } from './command-plan.ts';

const command = (counter: number, expiresAtMs: number): CommandRecord => ({
  ...{ id: `c${counter}`, deviceId: 'box-1', name: 'selftest', args: {}, counter },
  ...{ state: 'sent', actor: 'olga', createdAtMs: 0, expiresAtMs },
});
const plan = (open: readonly CommandRecord[], told: readonly string[] = []) =>
  planSends(open, new Set(told), 1_000).map(({ id }) => id);

test('a device is told what is open, the oldest first', () => {
  assert.deepEqual(plan([command(3, 2_000), command(1, 2_000), command(2, 2_000)]), ['c1', 'c2', 'c3']);
});

test('it is told once on a connection, and nothing that is over', () => {
  assert.deepEqual(plan([command(1, 2_000), command(2, 1_000), command(3, 1_001)], ['c1']), ['c3']);
});

test('every command has a life of its own, within what a box takes', () => {
  for (const name of COMMAND_NAMES)
    assert.ok(DEFAULT_LIFE_SEC[name] >= 5 && DEFAULT_LIFE_SEC[name] * 1000 <= MAX_COMMAND_LIFE_MS, name);
});
