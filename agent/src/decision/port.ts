import type { DecisionRules } from '@watchpost/shared/bundle/manifest.ts';

export type { DecisionRules };

/** What decisions are made of: one classified frame. `atMs` is monotonic. */
export interface Vote {
  readonly atMs: number;
  readonly probabilities: readonly number[];
}

/** A change of state of one camera, before it gets an id and a bundle. */
export interface Decision {
  readonly type: 'new' | 'update' | 'end';
  readonly label: string;
  /** Mean probability of the label over the window. */
  readonly score: number;
  readonly votes: { readonly label: number; readonly window: number };
}
