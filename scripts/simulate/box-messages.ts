import { AGENT_VERSION } from '@watchpost/agent/kernel/version.ts';
import type { ActiveBundle, Birth } from '@watchpost/shared/messages/birth.ts';
import type { EventBody } from '@watchpost/shared/messages/event.ts';
import type { OutboxReport, Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import { ORDER_TYPES } from '@watchpost/shared/trust/order.ts';
import type { BoxTraits } from './population.ts';

const MB = 1024 * 1024;

export function composeBirth(
  { hardware, cameras }: BoxTraits,
  now: {
    readonly startedAtMs: number;
    readonly active: ActiveBundle | undefined;
    readonly epoch: string;
    readonly lastSeq: Birth['lastSeq'];
  },
): Birth {
  const { active, ...rest } = now;
  return {
    agentVersion: AGENT_VERSION,
    orderTypes: [...ORDER_TYPES],
    hardware,
    executionProviders: ['cpu'],
    cameras,
    ...rest,
    ...(active !== undefined && { activeBundle: active }),
  };
}

interface SampleInput {
  readonly nowMs: number;
  readonly startedAtMs: number;
  /** 0 for a live sample. */
  readonly windowSec: number;
  readonly active: ActiveBundle | undefined;
  readonly outbox: OutboxReport;
}

/** A sample or a summary; frames and errors are drawn as the model of the scenario has them. */
export function composeTelemetry(
  traits: Pick<BoxTraits, 'board' | 'cameras' | 'behaviour'>,
  { nowMs, startedAtMs, windowSec, active, outbox }: SampleInput,
  random01: () => number,
): Omit<Telemetry, 'epoch' | 'seq' | 'firstSeq' | 'historical'> {
  const { board } = traits;
  const load01 = 0.3 + 0.2 * random01();
  return {
    tsMs: nowMs,
    windowSec,
    uptimeSec: (nowMs - startedAtMs) / 1000,
    cpu: { load01, loadAvg1: load01 * board.cores },
    gpu: [],
    temperatures: [{ zone: 'cpu', celsius: board.celsius + 4 * (random01() - 0.5) }],
    memory: {
      totalBytes: board.memoryMb * MB,
      availableBytes: Math.round(board.memoryMb * MB * 0.6),
      agentRssBytes: 220 * MB,
    },
    disk: { totalBytes: 32_000 * MB, freeBytes: board.diskFreeMb * MB },
    network: { rxBytesPerSec: 250_000, txBytesPerSec: 4000 },
    throttled: false,
    clock: { synced: true, offsetMs: 2 },
    ...(windowSec > 0 &&
      active !== undefined && { inference: drawInference(traits, windowSec, active, random01) }),
    outbox,
  };
}

function drawInference(
  { board, cameras, behaviour }: Pick<BoxTraits, 'board' | 'cameras' | 'behaviour'>,
  windowSec: number,
  { digest, version }: ActiveBundle,
  random01: () => number,
): NonNullable<Telemetry['inference']> {
  const { errors01, slower } = behaviour(version);
  const frames = Math.round(board.fps * cameras.length * windowSec);
  const spread = Math.sqrt(frames * errors01 * (1 - errors01));
  // The sum of three uniform draws is near enough to a bell for a count.
  const deviate = (random01() + random01() + random01() - 1.5) * 2;
  const framesFailed = Math.min(frames, Math.max(0, Math.round(frames * errors01 + spread * deviate)));
  const inferP95Ms = board.inferMs * slower * (1.1 + 0.2 * random01());
  return {
    digest,
    framesCaptured: frames,
    framesClassified: frames - framesFailed,
    framesFailed,
    inferP95Ms,
  };
}

const LABELS = ['cat', 'dog', 'none'] as const;

export function composeEvent(
  id: string,
  nowMs: number,
  { digest }: ActiveBundle,
  random01: () => number,
): EventBody {
  return {
    id,
    type: 'new',
    label: LABELS[Math.floor(random01() * LABELS.length)] ?? 'none',
    score: 0.9,
    tsMs: nowMs,
    votes: { label: 4, window: 5 },
    thresholds: { enter: 0.6, exit: 0.4 },
    bundleDigest: digest,
  };
}
