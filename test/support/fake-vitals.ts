import { setImmediate as turn } from 'node:timers/promises';
import type { ReadVitals, Vitals } from '../../agent/src/update/port.ts';

/** How a model fares, per second where it is counted. */
export interface Fare {
  readonly captured: number;
  /** Default: every one that is captured. */
  readonly due?: number;
  readonly classified: number;
  readonly failed: number;
  readonly events: number;
  readonly childRestarts: number;
  readonly inferP95Ms: number;
  readonly celsius: number;
  readonly camerasOnline: number;
}

/** The vitals of a box whose time goes by as soon as somebody waits for it. */
export interface FakeVitals {
  /** How the model with this digest fares from now on, where it is not as usual. */
  fare(digest: string, fare: Partial<Fare>): void;
  /** Monotonic, over every start of the agent. */
  nowMs(): number;
  /** Counters of another start of the agent. */
  reboot(): { readonly read: ReadVitals; readonly wait: (ms: number, signal: AbortSignal) => Promise<void> };
  /** Runs at each second that goes by. */
  onSecond(run: () => void): void;
}

const USUAL: Fare = {
  captured: 10,
  classified: 10,
  failed: 0,
  events: 0,
  childRestarts: 0,
  inferP95Ms: 10,
  celsius: 60,
  camerasOnline: 2,
};
const SECOND_MS = 1_000;

export function createFakeVitals(running: () => string | undefined): FakeVitals {
  const fares = new Map<string, Fare>();
  let nowMs = 1_000_000;
  let onSecond: () => void = () => undefined;
  const fareNow = (): Fare => fares.get(running() ?? '') ?? USUAL;

  const reboot: FakeVitals['reboot'] = () => {
    const counted = {
      framesCaptured: 0,
      framesDue: 0,
      framesClassified: 0,
      framesFailed: 0,
      events: 0,
      childRestarts: 0,
    };
    const passSecond = (): void => {
      const fare = fareNow();
      nowMs += SECOND_MS;
      counted.framesCaptured += fare.captured;
      counted.framesDue += fare.due ?? fare.captured;
      counted.framesClassified += running() === undefined ? 0 : fare.classified;
      counted.framesFailed += fare.failed;
      counted.events += fare.events;
      counted.childRestarts += fare.childRestarts;
      onSecond();
    };
    return {
      read: (): Vitals => {
        const { inferP95Ms, celsius, camerasOnline } = fareNow();
        return { ...counted, inferP95Ms, celsius, camerasOnline };
      },
      // Only who waits a second makes time go by: longer waits are for nothing that happens here.
      wait: async (ms, signal) => {
        if (ms > SECOND_MS) return untilAborted(signal);
        await turn();
        if (!signal.aborted) passSecond();
      },
    };
  };
  return {
    fare: (digest, fare) => void fares.set(digest, { ...USUAL, ...fare }),
    nowMs: () => nowMs,
    onSecond: (run) => {
      onSecond = run;
    },
    reboot,
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
