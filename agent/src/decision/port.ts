import type { DecisionRules } from '@watchpost/shared/bundle/manifest.ts';

export type { DecisionRules };

/** How far apart votes may be: frames come at no even pace, and some are not looked at. */
export interface VoteTiming {
  /** An older vote says nothing of what is seen now. */
  readonly maxVoteAgeMs: number;
  /** What nobody has looked at for longer is not known to be there: a sighting ends. */
  readonly lostAfterMs: number;
}

/** What decisions are made of: one classified frame. `atMs` is monotonic. */
export interface Vote {
  readonly atMs: number;
  readonly probabilities: ArrayLike<number>;
}

/** A change of state of one camera, or of a region of one, before it gets an id and a bundle. */
export interface Decision {
  readonly type: 'new' | 'update' | 'end';
  readonly label: string;
  /** Of the vote it was made by: of the last one where a sighting ends because nobody looks any more. Monotonic. */
  readonly atMs: number;
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
  /** When the frame that decided it was captured, monotonic; the last one where the source ended. */
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
  /** Of the last `window` looks those that are not too old, oldest first. */
  readonly votes: readonly CountedVote[];
  readonly open?: Sighting;
  /** When each label last ended, for its cooldown. */
  readonly endedAtMs: ReadonlyMap<string, number>;
}

/** What is decided, and whether that is what is seen. */
export interface Standpoint {
  readonly open?: Sighting;
  /** Whether the last vote is for what was decided: for the open label, or for nothing to report where none is open. */
  readonly isSettled: boolean;
}

/** The memory of one model for one camera, or for a region of one: votes go in, decisions come out. */
export interface Decider {
  step(vote: Vote): readonly Decision[];
  /** Closes what nobody has looked at for too long. @param nowMs monotonic */
  lapse(nowMs: number): readonly Decision[];
  /** Closes what is open: the source ended, or the model changes. */
  endAll(): readonly Decision[];
  standpoint(): Standpoint;
}
