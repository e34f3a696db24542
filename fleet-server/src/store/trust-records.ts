import type { ChainedEntry } from '../audit/port.ts';

/** One published document of the trust chain. */
export interface TrustFile {
  readonly name: string;
  readonly role: string;
  readonly version: number;
  readonly body: string;
  readonly createdAtMs: number;
}

/** Documents of the trust chain, as JSON text. */
export interface TrustStore {
  readFile(name: string): Promise<string | undefined>;
  /** The newest published document of a role. */
  newest(role: string): Promise<string | undefined>;
  staged(): Promise<readonly { readonly role: string; readonly body: string }[]>;
  /** Each takes the place of what is staged for its role. */
  stage(documents: readonly { readonly role: string; readonly body: string }[]): Promise<void>;
  /** In one transaction: a box never finds half of a change. */
  publish(files: readonly TrustFile[], unstage: readonly string[]): Promise<void>;
}

export interface AuditStore {
  /**
   * Adds what `makeNext` makes of the last entry; nothing comes between reading that one and adding the next, however
   * many append at once.
   */
  append(makeNext: (last: ChainedEntry | undefined) => ChainedEntry): Promise<ChainedEntry>;
  /** Oldest first. */
  list(query: { readonly afterSeq: number; readonly limit: number }): Promise<readonly ChainedEntry[]>;
}
