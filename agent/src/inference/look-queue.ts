/** What waits for the model, and for whom. */
export interface Waiter<Item> {
  /** What is looked at: a camera, or a region of one. */
  readonly place: string;
  /** When its frame was captured. Monotonic milliseconds, as `dueAtMs`. */
  readonly capturedAtMs: number;
  /** When its place expects the next frame. */
  readonly dueAtMs: number;
  readonly item: Item;
}

/**
 * One item waits for each place, and the newest wins: nothing old is ever looked at. What takes the place of another
 * keeps its turn, so that who sends often neither pushes others back nor is pushed back by its own haste: who is due
 * first is next, and once that time has come nobody who begins to wait later goes before. A place so waits no longer than
 * until it is due, and for one look of each other place then.
 */
export interface LookQueue<Item> {
  /** @returns what gave way */
  put(waiter: Waiter<Item>): Item | undefined;
  /** Takes the next one out; undefined when nobody waits. */
  take(): Item | undefined;
  /** Since when the place that has waited longest waits; undefined when nobody does. */
  waitingSinceMs(): number | undefined;
  size(): number;
}

interface Turn<Item> {
  readonly item: Item;
  readonly dueAtMs: number;
  readonly sinceMs: number;
}

export function createLookQueue<Item>(): LookQueue<Item> {
  /** In the order in which the places began to wait, which decides between those that are due together. */
  const turns = new Map<string, Turn<Item>>();
  return {
    put: ({ place, capturedAtMs, dueAtMs, item }) => {
      const before = turns.get(place);
      turns.set(place, {
        item,
        dueAtMs: before?.dueAtMs ?? dueAtMs,
        sinceMs: before?.sinceMs ?? capturedAtMs,
      });
      return before?.item;
    },
    take: () => {
      const next = findFirst(turns);
      if (next === undefined) return undefined;
      turns.delete(next.place);
      return next.item;
    },
    waitingSinceMs: () =>
      turns.size === 0 ? undefined : Math.min(...[...turns.values()].map(({ sinceMs }) => sinceMs)),
    size: () => turns.size,
  };
}

function findFirst<Item>(
  turns: ReadonlyMap<string, Turn<Item>>,
): (Turn<Item> & { readonly place: string }) | undefined {
  let first: (Turn<Item> & { readonly place: string }) | undefined;
  for (const [place, turn] of turns) {
    if (first === undefined || turn.dueAtMs < first.dueAtMs) first = { ...turn, place };
  }
  return first;
}
