import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { OrderType } from '@watchpost/shared/trust/order.ts';

/** What is done in a phase. */
export type Work =
  | 'check'
  | 'download'
  | 'verify'
  | 'keep'
  | 'wait'
  | 'install'
  | 'self_test'
  | 'shadow'
  | 'switch'
  | 'watch'
  | 'roll_back';

/** The phases to `success`, in their order; which of them an order leads through is said by `nextPhase`. */
export const WAY = [
  'queued',
  'downloading',
  'downloaded',
  'verifying',
  'keeping',
  'waiting',
  'installing',
  'self_testing',
  'shadowing',
  'switching',
  'probation',
] as const;
export const OPEN_PHASES = [...WAY, 'rolling_back'] as const;
export type OpenPhase = (typeof OPEN_PHASES)[number];

export const END_PHASES = [
  'success',
  'failure',
  'rolled_back',
  'rejected',
  'timed_out',
  'aborted',
  'noartifact',
  'already_installed',
  'kept',
] as const satisfies readonly DeploymentState[];
export type EndPhase = (typeof END_PHASES)[number];

/** How far a deployment came on this box; each is on the disk before it is acted on. */
export type Phase = OpenPhase | EndPhase;

/** What the watching phases are given by the configuration. */
export interface PhaseWindows {
  readonly shadow: { readonly minutes: number };
  readonly probation: { readonly minutes: number };
}

interface PhaseRow {
  /** The state of the lifecycle the fleet is told. */
  readonly toldAs: DeploymentState;
  readonly work?: Work;
  readonly next: Phase;
  /** Where a restart goes on: work up to the phase reached is done again, quietly. */
  readonly resumesAt: OpenPhase;
  /** What it takes to go on after a restart: the order, told again by the server, or nothing but this box. */
  readonly needs: 'order' | 'record';
  /**
   * The longest its work may take: one attempt while there is an order, whose expiry limits the attempts; all of them
   * where there is none. Undefined: it is tried until it succeeds.
   */
  readonly limitMs: (windows: PhaseWindows) => number | undefined;
  /** Whether the model is begun with: what takes the agent down here is not begun without end. */
  readonly isTrial: boolean;
  /** What a failure for good leads to; `roll_back`: where the champion was changed already. */
  readonly onFailure: 'end' | 'roll_back';
}

const MINUTE_MS = 60_000;
const MARGIN_MS = 5 * MINUTE_MS;
const minutes = (count: number) => () => count * MINUTE_MS;
/** A download has its own ways to notice that nothing comes; the order's expiry ends the rest. */
const unlimited = (): undefined => undefined;

const ordered = {
  next: 'success',
  resumesAt: 'queued',
  needs: 'order',
  isTrial: false,
  onFailure: 'end',
} as const;

export const PHASES: Readonly<Record<OpenPhase, PhaseRow>> = {
  queued: { ...ordered, toldAs: 'queued', work: 'check', next: 'downloading', limitMs: minutes(10) },
  downloading: {
    ...ordered,
    toldAs: 'downloading',
    work: 'download',
    next: 'downloaded',
    limitMs: unlimited,
  },
  downloaded: { ...ordered, toldAs: 'downloaded', next: 'verifying', limitMs: unlimited },
  verifying: { ...ordered, toldAs: 'verifying', work: 'verify', next: 'installing', limitMs: minutes(30) },
  keeping: { ...ordered, toldAs: 'verifying', work: 'keep', next: 'waiting', limitMs: minutes(30) },
  // The order says how long; the server may be out of reach by then.
  waiting: {
    toldAs: 'waiting_for_quiet',
    work: 'wait',
    next: 'self_testing',
    resumesAt: 'waiting',
    needs: 'record',
    limitMs: unlimited,
    isTrial: false,
    onFailure: 'end',
  },
  installing: {
    ...ordered,
    toldAs: 'installing',
    work: 'install',
    next: 'self_testing',
    limitMs: minutes(30),
  },
  self_testing: {
    toldAs: 'testing',
    work: 'self_test',
    next: 'shadowing',
    resumesAt: 'self_testing',
    needs: 'record',
    limitMs: minutes(20),
    isTrial: true,
    onFailure: 'end',
  },
  shadowing: {
    toldAs: 'testing',
    work: 'shadow',
    next: 'switching',
    resumesAt: 'shadowing',
    needs: 'record',
    limitMs: ({ shadow }) => shadow.minutes * MINUTE_MS + MARGIN_MS,
    isTrial: true,
    onFailure: 'end',
  },
  switching: {
    toldAs: 'testing',
    work: 'switch',
    next: 'probation',
    resumesAt: 'switching',
    needs: 'record',
    limitMs: minutes(2),
    isTrial: true,
    onFailure: 'roll_back',
  },
  probation: {
    toldAs: 'testing',
    work: 'watch',
    next: 'success',
    resumesAt: 'probation',
    needs: 'record',
    limitMs: ({ probation }) => probation.minutes * MINUTE_MS + MARGIN_MS,
    isTrial: false,
    onFailure: 'roll_back',
  },
  rolling_back: {
    toldAs: 'testing',
    work: 'roll_back',
    next: 'rolled_back',
    resumesAt: 'rolling_back',
    needs: 'record',
    limitMs: unlimited,
    isTrial: false,
    onFailure: 'roll_back',
  },
};

/** What follows when the work of a phase is done, for a deployment ordered so. */
export function nextPhase(phase: OpenPhase, type: OrderType = 'forced'): Phase {
  if (phase === 'verifying' && type !== 'forced') return 'keeping';
  if (phase === 'keeping' && type === 'download_only') return 'kept';
  return PHASES[phase].next;
}

export function isOpen(phase: Phase): phase is OpenPhase {
  return phase in PHASES;
}

/** Whether a deployment ended with its bundle as the champion: brought by it, or found there. */
export function isInstalled(phase: Phase | undefined): boolean {
  return phase === 'success' || phase === 'already_installed';
}

/** The state of the lifecycle in which the fleet sees a phase. */
export function toldState(phase: Phase): DeploymentState {
  return isOpen(phase) ? PHASES[phase].toldAs : phase;
}

const PLACES: readonly Phase[] = WAY;

/** Whether `phase` lies behind `reached` on the way: its work is done again after a restart, and not told. */
export function isBehind(phase: OpenPhase, reached: Phase): boolean {
  const at = (wanted: Phase): number => PLACES.indexOf(wanted);
  return at(phase) !== -1 && at(phase) < at(reached);
}

/** A model that takes the agent down this often while it is tried is given up. */
export const MAX_TRIALS = 3;
/** Saved changes of phase and restarts of one deployment; the straight way takes 10. */
export const MAX_TRANSITIONS = 40;
