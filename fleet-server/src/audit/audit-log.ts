import type { AuditStore } from '../store/port.ts';
import { chainEntry, findBreak, GENESIS } from './chain.ts';
import type { AuditLog, AuditVerdict } from './port.ts';

export interface AuditLogDeps {
  readonly store: AuditStore;
  readonly nowMs: () => number;
}

/** Entries read at a time when the whole chain is checked. */
const PAGE = 1_000;

export function createAuditLog({ store, nowMs }: AuditLogDeps): AuditLog {
  return {
    record: (entry) => store.append((last) => chainEntry(last ?? GENESIS, entry, nowMs())),
    list: (query) => store.list(query),
    verify: () => verify(store),
  };
}

async function verify(store: AuditStore): Promise<AuditVerdict> {
  let head = GENESIS;
  for (;;) {
    const page = await store.list({ afterSeq: head.seq, limit: PAGE });
    if (page.length === 0) return { kind: 'sound', entries: head.seq, head: head.hash };
    for (const entry of page) {
      const reason = findBreak(head, entry);
      if (reason !== undefined) return { kind: 'broken', seq: entry.seq, reason };
      head = entry;
    }
  }
}
