import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainEntry, findBreak, GENESIS } from './chain.ts';
import type { AuditEntry, ChainedEntry } from './port.ts';

const ENTRY: AuditEntry = {
  actor: { kind: 'user', id: 'admin' },
  action: 'user.added',
  subject: 'vera',
  details: { roles: ['qa'], disabled: false },
};
const first = chainEntry(GENESIS, ENTRY, 1_700_000_000_000);
const second = chainEntry(first, { ...ENTRY, subject: 'olga', details: {} }, 1_700_000_000_001);

test('the chain is what anybody can compute again: SHA-256 of the hash before and the canonical JSON', () => {
  assert.deepEqual([first.seq, first.previousHash], [1, '0'.repeat(64)]);
  assert.equal(first.hash, 'bb7d3ea6e7714efa48268a32800d13bb8683d995d7b09b5050310a7571c27531');
  assert.equal(second.hash, 'ee371560d813ee44b5e8a1c369215616128a6b22c40ecb5cda4586bd610f6e56');
});

test('the order of the keys in the details makes no difference', () => {
  const turned = { ...ENTRY, details: { disabled: false, roles: ['qa'] } };
  assert.equal(chainEntry(GENESIS, turned, first.atMs).hash, first.hash);
});

test('entries as they were made follow each other', () => {
  assert.equal(findBreak(GENESIS, first), undefined);
  assert.equal(findBreak(first, second), undefined);
});

/** `second`, tampered with and hashed again by somebody who cannot change `first`. */
const rehashed = (change: Partial<ChainedEntry>): ChainedEntry =>
  chainEntry({ seq: second.seq - 1, hash: change.previousHash ?? second.previousHash }, second, second.atMs);

for (const [what, entry, reason] of [
  ['its subject', { ...second, subject: 'mallory' }, /content/],
  ['its details', { ...second, details: { more: 1 } }, /content/],
  ['its actor', { ...second, actor: { kind: 'system', id: 'admin' } }, /content/],
  ['its action', { ...second, action: 'user.removed' }, /content/],
  ['its time', { ...second, atMs: 1 }, /content/],
  ['its hash', { ...second, hash: 'f'.repeat(64) }, /content/],
  ['its number', { ...second, seq: 3 }, /number 2 is expected/],
  ['what it is tied to', rehashed({ previousHash: 'f'.repeat(64) }), /another entry/],
] as const)
  test(`an entry with ${what} changed does not follow`, () => {
    assert.match(findBreak(first, entry) ?? '', reason);
  });

test('an entry does not follow when the one before it is missing, changed or doubled', () => {
  assert.match(findBreak(GENESIS, second) ?? '', /number 1/);
  const changed = chainEntry(GENESIS, { ...ENTRY, subject: 'mallory' }, first.atMs);
  assert.match(findBreak(changed, second) ?? '', /another entry/);
  assert.match(findBreak(second, second) ?? '', /number 3/);
});
