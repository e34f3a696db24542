import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { advance } from '@watchpost/shared/lifecycle/table.ts';
import { formatTarget, type Order } from '@watchpost/shared/trust/order.ts';
import {
  type EndPhase,
  isInstalled,
  isOpen,
  MAX_TRANSITIONS,
  MAX_TRIALS,
  type OpenPhase,
  PHASES,
  type Work,
} from './phases.ts';
import type { DeploymentRecord, Why } from './port.ts';
import type { QuarantineEntry } from './quarantine.ts';

/** What the box finds when it looks at itself. */
export interface Observed {
  /** Digest of the model this box would run if no trial were open. */
  readonly champion: string | undefined;
  /** The order last worked on. */
  readonly deployment: DeploymentRecord | undefined;
  /** Wall time; undefined while the clock cannot be trusted. */
  readonly nowMs: number | undefined;
  /** How the ordered bundle failed on this box before. */
  readonly failed: QuarantineEntry | undefined;
}

export type OrderPlan =
  /** Nothing is to be done. */
  | { readonly kind: 'settled' }
  /** It is too early for the order, by this wall time. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'end'; readonly phase: EndPhase; readonly why?: Why }
  | { readonly kind: 'begin' }
  | { readonly kind: 'resume'; readonly at: OpenPhase }
  /** The bundle that was installed got damaged: it is fetched again under a deployment that has ended well. */
  | { readonly kind: 'repair' };

/** The server's clock may be ahead of the box's. */
const CLOCK_LEEWAY_MS = 5 * 60 * 1000;

/** What is to be done about an order, given what the box is at. Pure: the updater performs it. */
export function planOrder(observed: Observed, order: Order): OrderPlan {
  const { champion, deployment: last } = observed;
  const isChampion = champion === order.sha256;
  if (last?.deploymentId !== order.deploymentId) {
    return isChampion ? { kind: 'end', phase: 'already_installed' } : begin(observed, order);
  }
  if (isInstalled(last.phase)) return { kind: isChampion ? 'settled' : 'repair' };
  if (!isOpen(last.phase)) return { kind: 'settled' };
  return outOfTime(observed.nowMs, order) ?? { kind: 'resume', at: PHASES[last.phase].resumesAt };
}

function begin({ nowMs, failed }: Observed, order: Order): OrderPlan {
  const isEarly = nowMs !== undefined && nowMs < order.notBeforeMs - CLOCK_LEEWAY_MS;
  if (isEarly) return { kind: 'wait', untilMs: order.notBeforeMs - CLOCK_LEEWAY_MS };
  const late = outOfTime(nowMs, order);
  if (late !== undefined) return late;
  if (failed === undefined || order.liftQuarantine === true) return { kind: 'begin' };
  const detail = `it failed here in deployment ${failed.deploymentId}: ${failed.code}, ${failed.detail}`;
  return { kind: 'end', phase: 'rejected', why: { reason: 'BUNDLE_QUARANTINED', detail } };
}

/** Expiry blocks what is not installed yet, never what runs. */
function outOfTime(nowMs: number | undefined, order: Order): OrderPlan | undefined {
  if (nowMs === undefined || nowMs <= order.expiresMs) return undefined;
  const detail = `the order expired at ${new Date(order.expiresMs).toISOString()}`;
  return { kind: 'end', phase: 'timed_out', why: { reason: 'ORDER_INVALID', detail } };
}

/** An unfinished deployment ends when another order takes its place. */
export function isSuperseded(last: DeploymentRecord | undefined, order: Order): last is DeploymentRecord {
  return last !== undefined && last.deploymentId !== order.deploymentId && isOpen(last.phase);
}

/** What a start of the agent does about the deployment it finds, without asking anybody. */
export type RestartPlan =
  /** Nothing, or nothing before its order comes. */
  | { readonly kind: 'none' }
  | { readonly kind: 'resume'; readonly at: OpenPhase }
  /** Its model is committed already. */
  | { readonly kind: 'succeed' }
  | { readonly kind: 'fail'; readonly phase: OpenPhase; readonly why: Why };

export interface Restart {
  readonly record: DeploymentRecord | undefined;
  /** A model is on trial. */
  readonly isOnTrial: boolean;
  /** The model of the deployment was taken back at this start. */
  readonly isTakenBack: boolean;
  /** The agent keeps ending early: nothing new is tried. */
  readonly isCautious: boolean;
}

export function planRestart({ record, isOnTrial, isTakenBack, isCautious }: Restart): RestartPlan {
  if (record === undefined || !isOpen(record.phase) || PHASES[record.phase].needs === 'order') {
    return { kind: 'none' };
  }
  const { phase } = record;
  // Nothing of the model was tried yet.
  if (phase === 'waiting') return { kind: 'resume', at: phase };
  if (isTakenBack || phase === 'rolling_back') return { kind: 'resume', at: 'rolling_back' };
  if (phase === 'probation' && !isOnTrial) return { kind: 'succeed' };
  if (isCautious) return { kind: 'fail', phase, why: interrupted('the agent kept ending early') };
  const why = findEndless(record);
  return why === undefined ? { kind: 'resume', at: phase } : { kind: 'fail', phase, why };
}

/** A deployment that takes the agent down, or goes round in circles, is given up. */
export function findEndless(record: DeploymentRecord): Why | undefined {
  if (record.trials >= MAX_TRIALS) {
    return interrupted(`the agent went down ${record.trials} times while it tried this model`);
  }
  if (record.transitions < MAX_TRANSITIONS) return undefined;
  const detail = `the deployment changed or was begun again ${record.transitions} times`;
  return { reason: 'DEPLOYMENT_LOOPED', detail };
}

export function interrupted(detail: string): Why {
  return { reason: 'DEPLOYMENT_INTERRUPTED', detail };
}

const REJECTIONS = [
  'TRUST_ROOT_MISSING',
  'TRUST_INVALID',
  'TRUST_ROLLBACK',
  'TRUST_EXPIRED',
  'TARGET_UNKNOWN',
  'TARGET_MISMATCH',
  'MANIFEST_INVALID',
  'MANIFEST_TOO_NEW',
  'BUNDLE_UNFIT',
  'BUNDLE_TOO_BIG',
  'ORDER_INVALID',
];
const NO_ROOM = ['DISK_FULL', 'STORE_FAILED'];
/** What passes by itself: network, server, disk. A model that fails its test does so again. */
const PASSING = ['SERVER_UNREACHABLE', 'DOWNLOAD_FAILED', ...NO_ROOM];

/** Whether work that failed with `code` is tried again, until the order expires or the phase has lasted too long. */
export function isPassing(work: Work, code: string): boolean {
  // There is nothing better than the model before: it is tried for ever.
  if (work === 'roll_back') return true;
  if (work === 'switch') return NO_ROOM.includes(code);
  return work !== 'self_test' && work !== 'shadow' && work !== 'watch' && PASSING.includes(code);
}

/** The end a deployment comes to when work fails for good: the most telling one the lifecycle allows. */
export function endAfter(state: DeploymentState, code: string): EndPhase {
  const telling = tellingEnd(code);
  return advance(DEPLOYMENT_LIFECYCLE, state, telling) === undefined ? 'failure' : telling;
}

function tellingEnd(code: string): EndPhase {
  if (REJECTIONS.includes(code)) return 'rejected';
  if (code === 'BUNDLE_FILE_MISSING') return 'noartifact';
  return code === 'DEPLOYMENT_STEP_TIMEOUT' ? 'timed_out' : 'failure';
}

/** "Install only if order, manifest and releaseCounter all agree." @returns what does not */
export function findDisagreement(order: Order, manifest: Manifest, lengthBytes: number): string | undefined {
  const target = formatTarget(manifest.model, manifest.version);
  if (order.target !== target) return `the order is for ${order.target}, the manifest for ${target}`;
  if (order.length !== lengthBytes)
    return `the manifest has ${lengthBytes} bytes, the order says ${order.length}`;
  if (order.releaseCounter === manifest.releaseCounter) return undefined;
  return `the manifest has release counter ${manifest.releaseCounter}, the order says ${order.releaseCounter}`;
}
