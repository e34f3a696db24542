/** Those who wait for a value: first come, first served. */
export interface Takers<T> {
  /** @returns whether somebody waited for it */
  serve(value: T): boolean;
  /** @returns undefined when `signal` is aborted, or nothing comes any more */
  wait(signal: AbortSignal): Promise<T | undefined>;
  /** Nothing comes any more. */
  close(): void;
  isClosed(): boolean;
}

export function createTakers<T>(): Takers<T> {
  const waiting = new Set<(value: T | undefined) => void>();
  let closed = false;
  return {
    serve(value) {
      const [taker] = waiting;
      taker?.(value);
      return taker !== undefined;
    },
    wait(signal) {
      if (closed || signal.aborted) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const settle = (value: T | undefined): void => {
          waiting.delete(settle);
          signal.removeEventListener('abort', onAbort);
          resolve(value);
        };
        const onAbort = (): void => settle(undefined);
        signal.addEventListener('abort', onAbort);
        waiting.add(settle);
      });
    },
    close() {
      closed = true;
      for (const settle of waiting) settle(undefined);
    },
    isClosed: () => closed,
  };
}
