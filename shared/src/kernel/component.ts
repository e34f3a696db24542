/** A part with a life: inert when constructed, cleans up after itself when `start` throws. */
export interface Component {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  /** Called only after a start that resolved. */
  stop(): Promise<void>;
}

/**
 * Starts the parts in order; when one fails, stops those already running and reports that failure.
 * @returns stops everything in reverse order; rejects with an AggregateError if a part did not stop cleanly
 */
export async function startAll(
  parts: readonly Component[],
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const running: Component[] = [];
  const stopAll = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (let part = running.pop(); part !== undefined; part = running.pop()) {
      await part.stop().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'shutdown was not clean');
  };
  for (const part of parts) {
    try {
      await part.start(signal);
      running.push(part);
    } catch (error) {
      // The failure of the start is the one to report.
      await stopAll().catch(() => undefined);
      throw error;
    }
  }
  return stopAll;
}
