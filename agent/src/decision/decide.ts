import type {
  CountedVote,
  Decision,
  DecisionRules,
  DecisionState,
  Sighting,
  Standpoint,
  Vote,
  VoteTiming,
} from './port.ts';

/** An open sighting is renewed no oftener than this, and only when its score moved by `UPDATE_STEP`. */
export const UPDATE_EVERY_MS = 10_000;
export const UPDATE_STEP = 0.05;

export type TimedRules = DecisionRules & VoteTiming;

/** How one label stands in the window. */
interface Standing {
  readonly index: number;
  readonly label: string;
  readonly votes: number;
  /** Mean over every look of the window, those that vote for nothing included. */
  readonly score: number;
}

export interface DecisionOutcome {
  readonly state: DecisionState;
  /** In the order they happened: a change is an `end` and then a `new`. */
  readonly decisions: readonly Decision[];
}

/** A camera about which nothing is known yet. */
export const initialDecisionState: DecisionState = { votes: [], endedAtMs: new Map() };

/**
 * Turns one more vote into the changes of state it causes.
 *
 * The window is of the last `window` looks, less those older than `maxVoteAgeMs`: at full pace the number bounds it, while
 * nothing moves the age does. On fewer than `minVotes` looks nothing is decided, so that one look alone ends no
 * sighting; and what nobody has looked at for `lostAfterMs` ends at the last look it was seen in.
 * @param vote not older than the last one given
 * @param labels names of `vote.probabilities`, in their order
 */
export function decide(
  before: DecisionState,
  vote: Vote,
  rules: TimedRules,
  labels: readonly string[],
): DecisionOutcome {
  const lost = lapse(before, vote.atMs, rules);
  const outcome = count(lost.state, vote, rules, labels);
  return { state: outcome.state, decisions: [...lost.decisions, ...outcome.decisions] };
}

/** Closes what nobody has looked at for too long. Cooldowns stay. */
export function lapse(state: DecisionState, nowMs: number, { lostAfterMs }: VoteTiming): DecisionOutcome {
  const lastMs = state.votes.at(-1)?.atMs ?? nowMs;
  return nowMs - lastMs > lostAfterMs ? endAll(state) : { state, decisions: [] };
}

function count(
  state: DecisionState,
  vote: Vote,
  rules: TimedRules,
  labels: readonly string[],
): DecisionOutcome {
  const votes = [...state.votes, countVote(vote, rules.rejectBelow)]
    .filter(({ atMs }) => vote.atMs - atMs <= rules.maxVoteAgeMs)
    .slice(-rules.window);
  const seen: DecisionState = { ...state, votes };
  const standings = computeStandings(votes, labels);
  const { open } = state;
  if (open === undefined) return openBest(seen, standings, rules);

  const label = labels[open.labelIndex];
  if (label === undefined) throw new RangeError(`label ${open.labelIndex} is not one of the model's`);
  const current = computeStanding(votes, open.labelIndex, label);
  if (votes.length < rules.minVotes) return { state: seen, decisions: [] };
  const dwelt = vote.atMs - open.openedAtMs >= rules.minDwellSec * 1000;
  const rival = findBest(seen, standings, rules);
  const isOutvoted = rival !== undefined && rival.score > current.score;
  if (!dwelt || (current.score >= rules.exit && !isOutvoted)) return renew(seen, open, current);

  const ended = close(seen, open, current);
  const reopened = openBest(ended.state, standings, rules);
  return { state: reopened.state, decisions: [...ended.decisions, ...reopened.decisions] };
}

/** Whether the last vote is for what was decided. @param rules the background votes for nothing */
export function computeStandpoint(
  { votes, open }: DecisionState,
  { background }: DecisionRules,
  labels: readonly string[],
): Standpoint {
  const last = votes.at(-1);
  if (last === undefined) return { ...(open && { open }), isSettled: true };
  const { votedFor } = last;
  if (open !== undefined) return { open, isSettled: votedFor === open.labelIndex };
  return { isSettled: votedFor === undefined || background.includes(labels[votedFor] ?? '') };
}

/** Closes what is open, because the source ended or another model takes over. Cooldowns stay. */
export function endAll(state: DecisionState): DecisionOutcome {
  const { open, votes } = state;
  if (open === undefined) return { state: { ...state, votes: [] }, decisions: [] };
  const ended = close(state, open, computeStanding(votes, open.labelIndex, open.label));
  return { state: { ...ended.state, votes: [] }, decisions: ended.decisions };
}

function countVote({ atMs, probabilities }: Vote, rejectBelow: number): CountedVote {
  let best = 0;
  for (let index = 1; index < probabilities.length; index += 1)
    if ((probabilities[index] ?? 0) > (probabilities[best] ?? 0)) best = index;
  const isRejected = (probabilities[best] ?? 0) < rejectBelow;
  return isRejected ? { atMs, probabilities } : { atMs, probabilities, votedFor: best };
}

/** Of the labels somebody votes for, in their order: no other can open, and a model may have a thousand. */
function computeStandings(votes: readonly CountedVote[], labels: readonly string[]): readonly Standing[] {
  const votedFor = new Set(votes.flatMap((vote) => vote.votedFor ?? []));
  return [...votedFor]
    .toSorted((a, b) => a - b)
    .map((index) => computeStanding(votes, index, labels[index] ?? ''));
}

function computeStanding(votes: readonly CountedVote[], index: number, label: string): Standing {
  const sum = votes.reduce((total, { probabilities }) => total + (probabilities[index] ?? 0), 0);
  return {
    index,
    label,
    votes: votes.filter(({ votedFor }) => votedFor === index).length,
    // Softmax in float32 may sum to a little more than 1.
    score: Math.min(1, sum / votes.length),
  };
}

/** The label with the highest score among those that may open now; the earlier one of equals. */
function findBest(
  state: DecisionState,
  standings: readonly Standing[],
  rules: DecisionRules,
): Standing | undefined {
  const atMs = state.votes.at(-1)?.atMs ?? 0;
  const isCooling = (label: string): boolean => {
    const endedAtMs = state.endedAtMs.get(label);
    return endedAtMs !== undefined && atMs - endedAtMs < rules.cooldownSec * 1000;
  };
  return standings
    .filter(({ label }) => !rules.background.includes(label) && label !== state.open?.label)
    .filter(({ votes, score }) => votes >= rules.minVotes && score >= rules.enter)
    .filter(({ label }) => !isCooling(label))
    .reduce<Standing | undefined>((best, it) => (best && best.score >= it.score ? best : it), undefined);
}

function openBest(
  state: DecisionState,
  standings: readonly Standing[],
  rules: DecisionRules,
): DecisionOutcome {
  const best = findBest(state, standings, rules);
  if (best === undefined) return { state, decisions: [] };
  const atMs = state.votes.at(-1)?.atMs ?? 0;
  const open: Sighting = {
    labelIndex: best.index,
    label: best.label,
    openedAtMs: atMs,
    reportedAtMs: atMs,
    reportedScore: best.score,
  };
  return { state: { ...state, open }, decisions: [decisionOf('new', best, state)] };
}

function renew(state: DecisionState, open: Sighting, current: Standing): DecisionOutcome {
  const atMs = state.votes.at(-1)?.atMs ?? 0;
  const isDue = atMs - open.reportedAtMs >= UPDATE_EVERY_MS;
  if (!isDue || Math.abs(current.score - open.reportedScore) < UPDATE_STEP) return { state, decisions: [] };
  return {
    state: { ...state, open: { ...open, reportedAtMs: atMs, reportedScore: current.score } },
    decisions: [decisionOf('update', current, state)],
  };
}

function close(state: DecisionState, open: Sighting, current: Standing): DecisionOutcome {
  const endedAtMs = new Map(state.endedAtMs).set(open.label, state.votes.at(-1)?.atMs ?? open.openedAtMs);
  return {
    state: { votes: state.votes, endedAtMs },
    decisions: [decisionOf('end', current, state)],
  };
}

function decisionOf(type: Decision['type'], standing: Standing, state: DecisionState): Decision {
  return {
    type,
    label: standing.label,
    atMs: state.votes.at(-1)?.atMs ?? 0,
    score: standing.score,
    votes: { label: standing.votes, window: state.votes.length },
  };
}
