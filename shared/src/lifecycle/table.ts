/** A lifecycle: for each state, the states it may go to. A pair that is not listed is a bug in the caller. */
export type Lifecycle<State extends string> = Readonly<Record<State, readonly State[]>>;

/** @returns the new state, or undefined for a pair that is not in the table: never treat that as a no-op */
export function advance<State extends string>(
  table: Lifecycle<State>,
  from: State,
  to: State,
): State | undefined {
  return table[from].includes(to) ? to : undefined;
}

/** States nothing leads out of. */
export function isTerminal<State extends string>(table: Lifecycle<State>, state: State): boolean {
  return table[state].length === 0;
}
