/** What is stored of one (device, epoch, stream): everything up to `upTo`, and the numbers of `pending` above it. */
export interface StreamState {
  readonly upTo: number;
  readonly pending: ReadonlySet<number>;
}

export interface Numbered {
  readonly seq: number;
  /** The lowest number the sender still holds: nothing below it will come. */
  readonly firstSeq: number;
}

export interface StreamPlan<M> {
  /** To store, in the order they came, each number once. */
  readonly fresh: readonly M[];
  readonly upTo: number;
  /** Numbers of `fresh` above `upTo`: to remember. */
  readonly opened: readonly number[];
  /** Pending numbers that `upTo` now covers: to forget. */
  readonly closed: readonly number[];
}

/**
 * Numbers above `upTo` that are remembered. A box has a few dozen under way and sends in order; one that leaves numbers
 * out would be remembered by ever more.
 */
const MAX_AHEAD = 1_000;

/**
 * Decides what of a batch is new and how far the stream is whole after it. A message is judged by the state before the
 * batch, so a neighbour's `firstSeq` never makes it a duplicate. What is too far ahead is not taken, and so not covered
 * by a receipt: its sender sends it again, once it has what comes before receipted or says that nothing of it will come.
 */
export function planStream<M>(
  state: StreamState,
  messages: readonly M[],
  numberOf: (message: M) => Numbered,
): StreamPlan<M> {
  const known = new Set(state.pending);
  const fresh: M[] = [];
  let upTo = state.upTo;
  for (const message of messages) {
    const { seq, firstSeq } = numberOf(message);
    upTo = findEnd(known, Math.max(upTo, Math.min(firstSeq, seq) - 1));
    if (seq <= state.upTo || known.has(seq) || seq > upTo + MAX_AHEAD) continue;
    known.add(seq);
    fresh.push(message);
  }
  upTo = findEnd(known, upTo);
  return {
    fresh,
    upTo,
    opened: fresh.map((message) => numberOf(message).seq).filter((seq) => seq > upTo),
    closed: [...state.pending].filter((seq) => seq <= upTo),
  };
}

/** Up to where the stream is whole, from `upTo` on. */
function findEnd(known: ReadonlySet<number>, upTo: number): number {
  let end = upTo;
  while (known.has(end + 1)) end += 1;
  return end;
}
