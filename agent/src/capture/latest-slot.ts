/** Room for one value: the newest wins, so a slow taker never works on the past. */
export interface LatestSlot<T> {
  put(value: T): void;
  /** @returns undefined when `signal` is aborted, or the slot is closed and empty */
  take(signal: AbortSignal): Promise<T | undefined>;
  /** Throws away what nobody took. */
  clear(): void;
  /** Nothing comes any more; what lies in the slot can still be taken. */
  close(): void;
  /** Values nobody took. */
  overwritten(): number;
}

export function createLatestSlot<T>(): LatestSlot<T> {
  let held: { readonly value: T } | undefined;
  let overwritten = 0;
  let closed = false;
  const takers = new Set<(value: T | undefined) => void>();
  const clear = (): void => {
    if (held !== undefined) overwritten += 1;
    held = undefined;
  };

  return {
    put(value) {
      const [taker] = takers;
      if (taker !== undefined) return taker(value);
      clear();
      held = { value };
    },
    take(signal) {
      const found = held;
      held = undefined;
      if (found !== undefined) return Promise.resolve(found.value);
      if (closed || signal.aborted) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const settle = (value: T | undefined): void => {
          takers.delete(settle);
          signal.removeEventListener('abort', onAbort);
          resolve(value);
        };
        const onAbort = (): void => settle(undefined);
        signal.addEventListener('abort', onAbort);
        takers.add(settle);
      });
    },
    clear,
    close() {
      closed = true;
      for (const settle of takers) settle(undefined);
    },
    overwritten: () => overwritten,
  };
}
