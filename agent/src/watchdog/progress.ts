import type { ProgressSample } from './port.ts';

export interface ProgressLimits {
  /** Loading a model in new processes, twice where the first hangs (see `HostLimits`), back-off included. */
  readonly recoveryMs: number;
  /** A camera that says it delivers, and does not, for this long: its own supervision is stuck. */
  readonly silentMs: number;
  /** A single look of a quiet scene that is not through yet. */
  readonly answerMs: number;
}

export const PROGRESS_LIMITS: ProgressLimits = { recoveryMs: 300_000, silentMs: 120_000, answerMs: 10_000 };

/** What the next look is compared with. Monotonic milliseconds. */
export interface ProgressHistory {
  readonly sample: ProgressSample;
  readonly atMs: number;
  /** When a frame last came, or none could. */
  readonly deliveredAtMs: number;
}

export type Excuse = 'no camera' | 'no model' | 'recovering' | 'no frames' | 'nothing to look at';

export type Progress =
  | { readonly kind: 'classified'; readonly framesPerSec: number }
  /** Nothing was classified, and rightly so. */
  | { readonly kind: 'excused'; readonly why: Excuse }
  | { readonly kind: 'stuck'; readonly what: string };

export interface ProgressJudgement {
  readonly history: ProgressHistory;
  readonly progress: Progress;
}

/** Whether the frame path worked between two looks. */
export function judgeProgress(
  before: ProgressHistory,
  sample: ProgressSample,
  atMs: number,
  limits: ProgressLimits = PROGRESS_LIMITS,
): ProgressJudgement {
  const isWaiting = sample.cameras.some(({ isDelivering }) => isDelivering);
  const hasCome = countCaptured(sample) > countCaptured(before.sample);
  const deliveredAtMs = hasCome || !isWaiting ? atMs : before.deliveredAtMs;
  const history = { sample, atMs, deliveredAtMs };
  return { history, progress: findProgress({ before, now: history, hasCome, limits }) };
}

interface Looks {
  readonly before: ProgressHistory;
  readonly now: ProgressHistory;
  readonly hasCome: boolean;
  readonly limits: ProgressLimits;
}

function findProgress({ before, now, hasCome, limits }: Looks): Progress {
  const { sample, atMs, deliveredAtMs } = now;
  const classified = sample.classified - before.sample.classified;
  if (classified > 0) {
    return { kind: 'classified', framesPerSec: (classified * 1000) / Math.max(1, atMs - before.atMs) };
  }
  if (sample.cameras.length === 0) return excused('no camera');
  if (sample.model === undefined) return excused('no model');
  if (!hasCome) {
    return atMs - deliveredAtMs < limits.silentMs
      ? excused('no frames')
      : stuck('a camera counts as online and delivers nothing');
  }
  if (isAtRest(before.sample, now, limits)) return excused('nothing to look at');
  if (sample.recoveringSinceMs === undefined) return stuck('frames come and none is classified');
  return atMs - sample.recoveringSinceMs < limits.recoveryMs
    ? excused('recovering')
    : stuck('the inference process does not come back');
}

/** Frames were left out on purpose, and none waits for longer than a model may take. */
function isAtRest(
  before: ProgressSample,
  { sample, atMs }: ProgressHistory,
  { answerMs }: ProgressLimits,
): boolean {
  const { leftOut = 0, waitingSinceMs = atMs } = sample;
  return leftOut > (before.leftOut ?? 0) && atMs - waitingSinceMs < answerMs;
}

const excused = (why: Excuse): Progress => ({ kind: 'excused', why });
const stuck = (what: string): Progress => ({ kind: 'stuck', what });

const countCaptured = ({ cameras }: ProgressSample): number =>
  cameras.reduce((sum, { captured }) => sum + captured, 0);

/** One line for people: "4 of 5 cameras, model pets 1.2.0, 19.8 frames a second". */
export function describeProgress({ cameras, model }: ProgressSample, progress: Progress): string {
  const delivering = cameras.filter(({ isDelivering }) => isDelivering).length;
  const seen = cameras.length === 0 ? 'no camera set up' : `${delivering} of ${cameras.length} cameras`;
  const run = model === undefined ? 'no model yet' : `model ${model}`;
  return [seen, run, ...describePace(progress)].join(', ');
}

const EXCUSE_WORDS: Readonly<Partial<Record<Excuse, readonly string[]>>> = {
  recovering: ['the inference process is being started again'],
  'nothing to look at': ['nothing moves'],
};

function describePace(progress: Progress): readonly string[] {
  switch (progress.kind) {
    case 'classified':
      return [`${progress.framesPerSec.toFixed(1)} frames a second`];
    case 'stuck':
      return [`stuck: ${progress.what}`];
    case 'excused':
      return EXCUSE_WORDS[progress.why] ?? [];
  }
}
