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

/** A label that was opened and not yet ended. */
export interface Sighting {
  readonly labelIndex: number;
  readonly label: string;
  readonly openedAtMs: number;
  /** When its `new` or last `update` was given, and with which score. */
  readonly reportedAtMs: number;
  readonly reportedScore: number;
}

/** A vote of the window. `votedFor` is absent where the frame votes for nothing. */
export interface CountedVote extends Vote {
  readonly votedFor?: number;
}

/** What one camera's decisions depend on; `decide` makes a new one from it. */
export interface DecisionState {
  /** The last `window` frames, oldest first. */
  readonly votes: readonly CountedVote[];
  readonly open?: Sighting;
  /** When each label last ended, for its cooldown. */
  readonly endedAtMs: ReadonlyMap<string, number>;
}

/** The memory of one camera and one model: votes go in, decisions come out. */
export interface Decider {
  step(vote: Vote): readonly Decision[];
  /** Closes what is open: the source ended, or the model changes. */
  endAll(): readonly Decision[];
}
