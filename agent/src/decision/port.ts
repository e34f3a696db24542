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

/** A decision as the fleet is told of it. */
export interface ToldDecision {
  readonly cameraId: string;
  /** The same for the new, update and end of one sighting. */
  readonly eventId: string;
  readonly type: Decision['type'];
  readonly label: string;
  /** Id of the region it was seen in; absent for the whole picture. */
  readonly region?: string;
  /** When the frame that decided it was captured, monotonic; the time of the telling where no frame did. */
  readonly frameAtMs: number;
  /** The same moment by the wall clock, as the event has it. */
  readonly tsMs: number;
}

/** Told of each decision, in their order; must not throw, nor take long. */
export type OnDecision = (decision: ToldDecision) => void;

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
