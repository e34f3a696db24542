/** One waits, others ring. */
export interface Doorbell {
  ring(): void;
  /** Resolves when it rings or rang since the last time, when the time is over, or when `signal` is aborted. */
  wait(limitMs: number, signal: AbortSignal): Promise<'rung' | 'over'>;
}

export function createDoorbell(): Doorbell {
  let isRung = false;
  let open: (() => void) | undefined;
  return {
    ring: () => {
      isRung = true;
      open?.();
    },
    wait: async (limitMs, signal) => {
      if (!isRung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, limitMs);
          open = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener('abort', open, { once: true });
        });
        if (open !== undefined) signal.removeEventListener('abort', open);
        open = undefined;
      }
      const was = isRung ? 'rung' : 'over';
      isRung = false;
      return was;
    },
  };
}
