import type { FrameSlot } from './latest-slot.ts';
import { createTakers } from './takers.ts';

/** Room for whatever comes: nothing is overwritten, but whoever puts a value has to wait until it was taken. */
export function createPatientSlot<T>(): FrameSlot<T> {
  const takers = createTakers<T>();
  const held: { readonly value: T; readonly onTaken: () => void }[] = [];
  const clear = (): number => {
    const dropped = held.splice(0);
    for (const { onTaken } of dropped) onTaken();
    return dropped.length;
  };

  return {
    put(value) {
      if (takers.serve(value) || takers.isClosed()) return undefined;
      const taken = Promise.withResolvers<void>();
      held.push({ value, onTaken: taken.resolve });
      return taken.promise;
    },
    take(signal) {
      const found = held.shift();
      found?.onTaken();
      return found === undefined ? takers.wait(signal) : Promise.resolve(found.value);
    },
    clear,
    close: takers.close,
    overwritten: () => 0,
  };
}
