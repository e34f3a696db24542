import { createTakers } from './takers.ts';

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
  const takers = createTakers<T>();
  let held: { readonly value: T } | undefined;
  let overwritten = 0;
  const clear = (): number => {
    const dropped = held === undefined ? 0 : 1;
    overwritten += dropped;
    held = undefined;
    return dropped;
  };

  return {
    put(value) {
      if (takers.serve(value)) return undefined;
      clear();
      held = { value };
      return undefined;
    },
    take(signal) {
      const found = held;
      held = undefined;
      return found === undefined ? takers.wait(signal) : Promise.resolve(found.value);
    },
    clear,
    close: takers.close,
    overwritten: () => overwritten,
  };
}
