import { untilAborted } from './until-aborted.ts';

/** Lets one camera at a time connect to a host: a recorder with 16 channels falls over when all come at once. */
export interface HostGate {
  /**
   * Resolves when it is this caller's turn, or when `signal` is aborted.
   * @returns ends the turn; call it in every case, any number of times
   */
  enter(host: string, signal: AbortSignal): Promise<() => void>;
}

export function createHostGate(): HostGate {
  const queues = new Map<string, Promise<void>>();
  return {
    async enter(host, signal) {
      const before = queues.get(host) ?? Promise.resolve();
      const turn = Promise.withResolvers<void>();
      const after = before.then(() => turn.promise);
      queues.set(host, after);
      void after.then(() => queues.get(host) === after && queues.delete(host));
      await untilAborted(before, signal);
      return () => turn.resolve();
    },
  };
}
