import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { ShadowFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import { pictureFor } from '../capture/port.ts';
import type { Clock } from '../kernel/clock.ts';
import type { ActiveModel, OnClassified, Prediction, RunningModel, RunShadow, ShadowLimits } from './port.ts';
import { comparePredictions, computeShadowFindings, type ShadowPair } from './shadow-tally.ts';
import { mayRun, openShareBudget, spend } from './share-budget.ts';

export interface ShadowDeps {
  readonly model: Pick<ActiveModel, 'onClassified'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

export function createShadow({ model, clock }: ShadowDeps): RunShadow {
  return async (challenger, limits, signal) => {
    const over = new AbortController();
    const shadow = openShadow({ challenger, limits, clock, onOver: () => over.abort() });
    const stopListening = model.onClassified(shadow.offer);
    await waitMs(limits.windowMs, AbortSignal.any([signal, over.signal]));
    stopListening();
    return shadow.close();
  };
}

interface Shadow {
  /** Takes the frame or leaves it; the champion waits for neither. */
  readonly offer: OnClassified;
  /** Waits for the frame in flight: classifiers are not reentrant, and the caller goes on with this one. */
  close(): Promise<ShadowFindings>;
}

interface ShadowJob {
  readonly challenger: RunningModel;
  readonly limits: ShadowLimits;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Enough frames were seen, or there is no going on. */
  readonly onOver: () => void;
}

function openShadow({ challenger, limits, clock, onOver }: ShadowJob): Shadow {
  const startedMs = clock.monotonicMs();
  const pairs: ShadowPair[] = [];
  let budget = openShareBudget(limits.share01, startedMs);
  let errors = 0;
  let busyMs = 0;
  let inFlight: Promise<void> | undefined;

  const run = async (rgb: Uint8Array, champion: Prediction): Promise<void> => {
    const beganMs = clock.monotonicMs();
    try {
      pairs.push(comparePredictions(champion, await challenger.classifier.classify(rgb)));
    } catch (error) {
      if (!isAppError(error)) throw error;
      errors += 1;
    }
    const nowMs = clock.monotonicMs();
    busyMs += nowMs - beganMs;
    budget = spend(budget, nowMs - beganMs, nowMs);
    if (pairs.length >= limits.frames) onOver();
  };

  return {
    offer: (pictures, { prediction }) => {
      if (inFlight !== undefined || pairs.length >= limits.frames) return;
      const rgb = mayRun(budget, clock.monotonicMs()) ? pictureFor({ pictures }, challenger.plan) : undefined;
      if (rgb === undefined) return;
      inFlight = run(rgb, prediction);
      // What is no coded error is a bug: no frame is taken after it, and `close` rejects with it.
      inFlight.then(() => {
        inFlight = undefined;
      }, onOver);
    },
    close: async () => {
      await inFlight;
      const windowMs = clock.monotonicMs() - startedMs;
      return computeShadowFindings({ pairs, errors, windowMs, busyMs });
    },
  };
}
