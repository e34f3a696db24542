/** A clock and timers that a test moves. */
export interface ManualTime {
  nowMs(): number;
  schedule(delayMs: number, run: () => void): () => void;
  /** Moves on, running what falls due in its order. */
  advance(ms: number): void;
}

export function createManualTime(startMs = 1_000_000): ManualTime {
  let nowMs = startMs;
  const timers = new Set<{ readonly dueMs: number; readonly run: () => void }>();
  const nextDue = (untilMs: number) =>
    [...timers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
  return {
    nowMs: () => nowMs,
    schedule: (delayMs, run) => {
      const timer = { dueMs: nowMs + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: (ms) => {
      const endMs = nowMs + ms;
      for (let timer = nextDue(endMs); timer !== undefined; timer = nextDue(endMs)) {
        nowMs = timer.dueMs;
        timers.delete(timer);
        timer.run();
      }
      nowMs = endMs;
    },
  };
}
