import type { FrameSlot } from './latest-slot.ts';

/** Room for whatever comes: nothing is overwritten, but whoever puts a value has to wait until it was taken. */
export function createPatientSlot<T>(): FrameSlot<T> {
  const held: { readonly value: T; readonly onTaken: () => void }[] = [];
  const takers = new Set<(value: T | undefined) => void>();
  let closed = false;
  const clear = (): number => {
    const dropped = held.splice(0);
    for (const { onTaken } of dropped) onTaken();
    return dropped.length;
  };

  return {
    put(value) {
      const [taker] = takers;
      taker?.(value);
      if (taker !== undefined || closed) return undefined;
      const taken = Promise.withResolvers<void>();
      held.push({ value, onTaken: taken.resolve });
      return taken.promise;
    },
    take(signal) {
      const found = held.shift();
      found?.onTaken();
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
    overwritten: () => 0,
  };
}
