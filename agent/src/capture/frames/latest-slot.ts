/** Between the camera, which puts frames, and the one who takes them. */
export interface FrameSlot<T> {
  /** @returns what to wait for before more is put, where the slot asks for it */
  put(value: T): Promise<void> | undefined;
  /** @returns undefined when `signal` is aborted, or the slot is closed and empty */
  take(signal: AbortSignal): Promise<T | undefined>;
  /** Throws away what nobody took. @returns how much that was */
  clear(): number;
  /** Nothing comes any more; what lies in the slot can still be taken. */
  close(): void;
  /** Values nobody took. */
  overwritten(): number;
}

/** Room for one value: the newest wins, so a slow taker never works on the past. */
export function createLatestSlot<T>(): FrameSlot<T> {
  let held: { readonly value: T } | undefined;
  let overwritten = 0;
  let closed = false;
  const takers = new Set<(value: T | undefined) => void>();
  const clear = (): number => {
    const dropped = held === undefined ? 0 : 1;
    overwritten += dropped;
    held = undefined;
    return dropped;
  };

  return {
    put(value) {
      const [taker] = takers;
      if (taker === undefined) {
        clear();
        held = { value };
      } else taker(value);
      return undefined;
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
