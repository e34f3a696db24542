import type { BoxSummary, HostCounters } from './box-report.ts';
import type { ServerAccess } from './enrol-boxes.ts';
import type { Population } from './population.ts';

/** How the boxes of a worker come to be known to the server. */
export type BoxEntry =
  /** They stand in its store already, with the secrets anybody can compute. */
  | { readonly kind: 'stored'; readonly brokerUrl: string; readonly directorKeysPem: string }
  | { readonly kind: 'enrol'; readonly access: ServerAccess };

export interface Share {
  readonly first: number;
  readonly count: number;
}

export type WorkerOrder =
  | {
      readonly kind: 'begin';
      readonly population: Population;
      readonly share: Share;
      readonly entry: BoxEntry;
    }
  | { readonly kind: 'start' }
  | { readonly kind: 'storm'; readonly backWithinMs: number | undefined }
  | { readonly kind: 'summarize' };

export type WorkerReply =
  /** Its boxes are known to the server. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'counters'; readonly counters: HostCounters }
  | { readonly kind: 'summaries'; readonly boxes: readonly BoxSummary[] }
  | { readonly kind: 'failed'; readonly problem: string };
