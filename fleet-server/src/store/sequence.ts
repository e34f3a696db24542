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
 * Decides what of a batch is new and how far the stream is whole after it. A message is judged by the state before the
 * batch, so a neighbour's `firstSeq` never makes it a duplicate.
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
    upTo = Math.max(upTo, Math.min(firstSeq, seq) - 1);
    if (seq <= state.upTo || known.has(seq)) continue;
    known.add(seq);
    fresh.push(message);
  }
  while (known.has(upTo + 1)) upTo += 1;
  return {
    fresh,
    upTo,
    opened: fresh.map((message) => numberOf(message).seq).filter((seq) => seq > upTo),
    closed: [...state.pending].filter((seq) => seq <= upTo),
  };
}
