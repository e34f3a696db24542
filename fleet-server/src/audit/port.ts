/** Who did something. */
export interface AuditActor {
  readonly kind: 'user' | 'device' | 'system';
  /** User name, device id, or the part of the server. */
  readonly id: string;
}

/** One change, as it is told to the log. `action` is `<noun>.<verb in the past>`: `model.certified`, `user.added`. */
export interface AuditEntry {
  readonly actor: AuditActor;
  readonly action: string;
  /** What was changed: `pet-park@1.0.0`, a user name, a device id. */
  readonly subject: string;
  /** Facts, JSON. Never a secret. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** An entry as it stands in the chain: h(i) = SHA-256(h(i-1) || canonical JSON of everything but `hash`). */
export interface ChainedEntry extends AuditEntry {
  readonly seq: number;
  readonly atMs: number;
  readonly previousHash: string;
  readonly hash: string;
}

export type AuditVerdict =
  | { readonly kind: 'sound'; readonly entries: number; readonly head: string }
  | { readonly kind: 'broken'; readonly seq: number; readonly reason: string };

/** The append-only, hash-chained record of every change people make. */
export interface AuditLog {
  /** On disk when it resolves. */
  record(entry: AuditEntry): Promise<ChainedEntry>;
  /** Oldest first. */
  list(query: { readonly afterSeq: number; readonly limit: number }): Promise<readonly ChainedEntry[]>;
  verify(): Promise<AuditVerdict>;
}
