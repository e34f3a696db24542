import type { ProbationFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { AgentConfig } from '../config/schema.ts';
import type { Clock } from '../kernel/clock.ts';
import type { DeploymentJournal } from './deployment-journal.ts';
import type { Outcome } from './deployment-work.ts';
import type { EventWatch } from './event-watch.ts';
import type { Baseline, ReadVitals, Watched, Why } from './port.ts';
import { addToBaseline, addToWatched, judgeProbation, NO_BASELINE, NOTHING_SEEN } from './probation-gates.ts';

export interface ProbationDeps {
  readonly journal: DeploymentJournal;
  readonly readVitals: ReadVitals;
  readonly events: Pick<EventWatch, 'usualRate'>;
  readonly settings: Pick<AgentConfig['update'], 'probation'>;
  readonly clock: Clock;
  /** Waits between two readings of the vitals. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

const TICK_MS = 1_000;
/** What a restart may cost of the time watched. */
const SAVE_EVERY_MS = 15_000;
/** A tick that took longer watched nothing in between. */
const MAX_TICK_MS = 5 * TICK_MS;
const MINUTE_MS = 60_000;
/** A baseline of less says nothing. */
const MIN_BASELINE_MS = 5_000;
/** Cameras that are not there by then are off: as long as a stream may take to its first frame. */
const CAMERAS_LIMIT_MS = 20_000;

/** Watches the new champion until its time is over or it has failed for good; goes on where a restart ended it. */
export async function watchProbation(
  deps: ProbationDeps,
  requiredMs: number | undefined,
  signal: AbortSignal,
): Promise<Outcome> {
  const { journal, settings, clock, wait, readVitals, events } = deps;
  const limits = settings.probation;
  const windowMs = limits.minutes * MINUTE_MS;
  let watched: Watched = journal.record()?.watched ?? NOTHING_SEEN;
  let savedMs = watched.spentMs;
  let before = readVitals();
  let readAtMs = clock.monotonicMs();
  for (;;) {
    const seen = { watched, baseline: journal.record()?.baseline, limits, requiredMs };
    const { gates, isHopeless } = judgeProbation(seen);
    if (isHopeless || watched.spentMs >= windowMs) return conclude(watched, gates);
    await wait(TICK_MS, signal);
    const [now, nowMs] = [readVitals(), clock.monotonicMs()];
    const tookMs = Math.min(nowMs - readAtMs, MAX_TICK_MS);
    watched = addToWatched(
      watched,
      { before, now, tookMs, usualRate: events.usualRate() },
      limits.maxCelsius,
    );
    [before, readAtMs] = [now, nowMs];
    if (watched.spentMs - savedMs >= SAVE_EVERY_MS || signal.aborted) {
      savedMs = watched.spentMs;
      await journal.note({ watched });
    }
    signal.throwIfAborted();
  }
}

function conclude(watched: Watched, gates: ProbationFindings['gates']): Outcome {
  const findings: ProbationFindings = { kind: 'probation', windowSec: watched.spentMs / 1000, gates };
  const failure = describeFailure(gates);
  return { findings, ...(failure && { failure }) };
}

export function describeFailure(gates: ProbationFindings['gates']): Why | undefined {
  const failed = gates.filter(({ verdict }) => verdict === 'failed');
  if (failed.length === 0) return undefined;
  const detail = failed.map(
    ({ gate, value, limit }) => `${gate} is ${format(value)}, limit ${format(limit)}`,
  );
  return { reason: 'PROBATION_FAILED', detail: detail.join('; ') };
}

const format = (value: number | undefined): string =>
  value === undefined ? '-' : String(Number(value.toPrecision(3)));

/** How the champion fares before a switch. */
export interface BaselineSampler {
  /** After a start of the agent the cameras need a moment. */
  untilCamerasAreOn(): Promise<void>;
  /** Samples on until there is enough. */
  take(): Promise<Baseline>;
  stop(): void;
}

export function sampleBaseline(deps: ProbationDeps, signal: AbortSignal): BaselineSampler {
  const { readVitals, clock, wait } = deps;
  const stopping = new AbortController();
  const until = AbortSignal.any([signal, stopping.signal]);
  const startedAtMs = clock.monotonicMs();
  let baseline = NO_BASELINE;
  let isTaken = false;
  const sample = async (): Promise<Baseline> => {
    let before = readVitals();
    const isEnough = (): boolean =>
      isTaken && (before.camerasOnline === 0 || clock.monotonicMs() - startedAtMs >= MIN_BASELINE_MS);
    while (!until.aborted && !isEnough()) {
      await wait(TICK_MS, until);
      const now = readVitals();
      baseline = addToBaseline(baseline, { before, now });
      before = now;
    }
    return baseline;
  };
  const sampling = sample();
  return {
    untilCamerasAreOn: async () => {
      while (readVitals().camerasOnline === 0 && clock.monotonicMs() - startedAtMs < CAMERAS_LIMIT_MS) {
        if (until.aborted) return;
        await wait(TICK_MS, until);
      }
    },
    take: async () => {
      isTaken = true;
      const taken = await sampling;
      signal.throwIfAborted();
      return taken;
    },
    stop: () => stopping.abort(),
  };
}
