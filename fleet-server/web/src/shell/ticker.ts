/** One clock for all that ages on the page; it runs only while somebody listens. */
export interface Ticker {
  /** Called each second. @returns unsubscribes */
  subscribe(listener: () => void): () => void;
  nowMs(): number;
}

export function createTicker(): Ticker {
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    subscribe(listener) {
      listeners.add(listener);
      timer ??= setInterval(() => {
        for (const each of listeners) each();
      }, 1000);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    nowMs: () => Date.now(),
  };
}
