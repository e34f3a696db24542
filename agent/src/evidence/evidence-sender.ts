import { type BackoffPolicy, computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { EvidenceStore, KeptSighting, SendKept } from './port.ts';

export interface EvidenceSenderDeps {
  readonly store: Pick<EvidenceStore, 'list'>;
  readonly send: SendKept;
  readonly random01: () => number;
  readonly log: Logger;
  /** Default: 1 s to 5 min. */
  readonly backoff?: BackoffPolicy;
}

/** Sends what is due, the newest sighting first; what cannot be sent waits until it is removed from the box. */
export interface EvidenceSender extends Component {
  wake(): void;
}

const BACKOFF: BackoffPolicy = { baseMs: 1_000, maxMs: 300_000 };
/** Between two pictures, so that they leave the line to the events. */
const GAP_MS = 250;
/** Nothing is due: whoever has something wakes the sender. */
const IDLE_MS = 3_600_000;

export function createEvidenceSender(deps: EvidenceSenderDeps): EvidenceSender {
  const stopping = new AbortController();
  let waking = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  const run = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      // What comes while this round is under way ends the rest after it.
      const { signal: woken } = waking;
      const outcome = await attemptDue(deps, stopping.signal);
      const backoffMs = computeBackoffMs(deps.backoff ?? BACKOFF, failures, deps.random01());
      // A new picture changes nothing about a server that does not answer.
      const end = outcome === 'failed' ? stopping.signal : AbortSignal.any([stopping.signal, woken]);
      await waitMs(outcome === 'sent' ? IDLE_MS : backoffMs, end);
      failures = outcome === 'sent' || end.aborted ? 0 : failures + 1;
    }
  };
  return {
    name: 'evidence-sender',
    start: async () => {
      loop = run();
    },
    stop: async () => {
      stopping.abort();
      await loop;
    },
    wake: () => {
      const woken = waking;
      waking = new AbortController();
      woken.abort();
    },
  };
}

/** @returns `early` when the server does not know some of the sightings yet; `failed` when it does not answer */
async function attemptDue(
  deps: EvidenceSenderDeps,
  signal: AbortSignal,
): Promise<'sent' | 'early' | 'failed'> {
  try {
    const sightings = (await deps.store.list()).toReversed();
    let isEarly = false;
    for (const sighting of sightings) isEarly = !(await sendDue(deps, sighting, signal)) || isEarly;
    return isEarly ? 'early' : 'sent';
  } catch (error) {
    if (!isAppError(error)) throw error;
    if (!signal.aborted) deps.log.debug({ error: describeError(error) }, 'picture of a sighting not sent');
    return 'failed';
  }
}

/** @returns false when the server does not know the sighting yet */
async function sendDue(
  deps: EvidenceSenderDeps,
  { event, pictures }: KeptSighting,
  signal: AbortSignal,
): Promise<boolean> {
  for (const picture of pictures.filter(({ isDue }) => isDue)) {
    if (signal.aborted) return true;
    const outcome = await deps.send(event, picture, signal);
    if (outcome === 'refused')
      deps.log.warn({ id: event, number: picture.number }, 'the server refused a picture of a sighting');
    await waitMs(GAP_MS, signal);
    if (outcome === 'early') return false;
  }
  return true;
}
