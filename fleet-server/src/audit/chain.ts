import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { AuditEntry, ChainedEntry } from './port.ts';

/** The end of a chain: what the next entry is tied to. */
export type ChainHead = Pick<ChainedEntry, 'seq' | 'hash'>;

/** What the first entry is tied to. */
export const GENESIS: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** Ties `entry` to the end of a chain. */
export function chainEntry(head: ChainHead, entry: AuditEntry, atMs: number): ChainedEntry {
  const { actor, action, subject, details } = entry;
  const content = { seq: head.seq + 1, atMs, actor, action, subject, details, previousHash: head.hash };
  return { ...content, hash: hashEntry(content) };
}

/** @returns why `entry` cannot stand right after `head`; undefined when it does */
export function findBreak(head: ChainHead, entry: ChainedEntry): string | undefined {
  const { hash, ...content } = entry;
  if (entry.seq !== head.seq + 1) return `number ${head.seq + 1} is expected here, ${entry.seq} found`;
  if (entry.previousHash !== head.hash) return 'it is tied to another entry than the one before it';
  if (hash !== hashEntry(content)) return 'its content is not what its hash was made of';
  return undefined;
}

/** SHA-256 over the hash before, as 64 hex digits, followed by the canonical JSON of the entry without its own hash. */
function hashEntry(content: Omit<ChainedEntry, 'hash'>): string {
  return sha256Hex(content.previousHash + canonicalJson(content));
}
