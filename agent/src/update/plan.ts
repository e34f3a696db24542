import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { advance, isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import { formatTarget, type Order } from '@watchpost/shared/trust/order.ts';
import type { ActiveRecord, DeploymentRecord } from './port.ts';

/** What the box finds when it looks at itself. */
export interface Observed {
  readonly active: ActiveRecord | undefined;
  /** The order last worked on. */
  readonly deployment: DeploymentRecord | undefined;
  /** Wall time; undefined while the clock cannot be trusted. */
  readonly nowMs: number | undefined;
}

export type Work = 'check' | 'download' | 'verify' | 'install' | 'activate';

/** Why a deployment came to its end. */
export interface Reason {
  readonly reason?: string;
  readonly detail?: string;
}

export type Step =
  /** A deployment enters a state: saved and reported before anything else is done. */
  | ({ readonly kind: 'enter'; readonly deployment: DeploymentId; readonly state: DeploymentState } & Reason)
  | { readonly kind: 'work'; readonly work: Work }
  /** It is too early for the order, by this wall time. */
  | { readonly kind: 'wait'; readonly untilMs: number };
export type DeploymentId = Pick<DeploymentRecord, 'deploymentId' | 'digest'>;

/** The way to `success`: the states in their order, each with the work done in it. */
const WAY: readonly (readonly [state: DeploymentState, work: readonly Work[]])[] = [
  ['queued', ['check']],
  ['downloading', ['download']],
  ['downloaded', []],
  ['verifying', ['verify']],
  ['installing', ['install']],
  ['testing', ['activate']],
  ['success', []],
];

/** A model whose activation takes the box down this often is given up. */
export const MAX_TRIALS = 3;
/** The server's clock may be ahead of the box's. */
const CLOCK_LEEWAY_MS = 5 * 60 * 1000;

/**
 * What is to be done about an order, given what the box is at. Pure: the updater performs it.
 * @returns nothing when the order is settled
 */
export function planDeployment(observed: Observed, order: Order): readonly Step[] {
  const { active, deployment: last } = observed;
  const wanted = idOf(order);
  const isActive = active?.digest === order.sha256;
  if (last === undefined || last.deploymentId !== order.deploymentId) {
    const first = isActive ? [enter(wanted, 'already_installed')] : begin(observed, order);
    return [...supersede(last, order), ...first];
  }
  if (last.state === 'success') return isActive ? [] : allWork();
  if (isTerminal(DEPLOYMENT_LIFECYCLE, last.state)) return [];
  if (isActive && last.state === 'testing') return [enter(wanted, 'success')];
  if (last.trials >= MAX_TRIALS) {
    const detail = `the agent went down ${last.trials} times while it activated this model`;
    return [enter(wanted, 'failure', { reason: 'DEPLOYMENT_INTERRUPTED', detail })];
  }
  return outOfTime(observed.nowMs, order) ?? resumeAfter(last.state, wanted);
}

function begin({ nowMs }: Observed, order: Order): readonly Step[] {
  const isEarly = nowMs !== undefined && nowMs < order.notBeforeMs - CLOCK_LEEWAY_MS;
  if (isEarly) return [{ kind: 'wait', untilMs: order.notBeforeMs - CLOCK_LEEWAY_MS }];
  return outOfTime(nowMs, order) ?? resumeAfter('pending', idOf(order));
}

const idOf = ({ deploymentId, sha256 }: Order): DeploymentId => ({ deploymentId, digest: sha256 });

/** An unfinished deployment ends when another order takes its place. */
function supersede(last: DeploymentRecord | undefined, order: Order): readonly Step[] {
  if (last === undefined || isTerminal(DEPLOYMENT_LIFECYCLE, last.state)) return [];
  return [enter(last, 'aborted', { detail: `deployment ${order.deploymentId} took its place` })];
}

/** Expiry blocks what is not installed yet, never what runs. */
function outOfTime(nowMs: number | undefined, order: Order): readonly Step[] | undefined {
  if (nowMs === undefined || nowMs <= order.expiresMs) return undefined;
  const detail = `the order expired at ${new Date(order.expiresMs).toISOString()}`;
  return [enter(idOf(order), 'timed_out', { reason: 'ORDER_INVALID', detail })];
}

/** Work of states already entered is done again, quietly: it finds what is there, and a restart forgot the rest. */
function resumeAfter(state: DeploymentState, wanted: DeploymentId): readonly Step[] {
  const reached = WAY.findIndex(([name]) => name === state);
  return WAY.flatMap(([name, works], index) => [
    ...(index > reached ? [enter(wanted, name)] : []),
    ...works.map((work): Step => ({ kind: 'work', work })),
  ]);
}

/** The bundle that was installed got damaged: it is fetched again under a deployment that has ended well. */
function allWork(): readonly Step[] {
  return WAY.flatMap(([, works]) => works.map((work): Step => ({ kind: 'work', work })));
}

function enter({ deploymentId, digest }: DeploymentId, state: DeploymentState, reason: Reason = {}): Step {
  return { kind: 'enter', deployment: { deploymentId, digest }, state, ...reason };
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
  'ORDER_INVALID',
];
/** What passes by itself: network, server, disk. A model that fails its test does so again. */
const PASSING = ['SERVER_UNREACHABLE', 'DOWNLOAD_FAILED', 'DISK_FULL', 'STORE_FAILED'];

/** Whether work that failed with `code` is tried again, until the order expires. */
export function isPassing(work: Work, code: string): boolean {
  return work !== 'activate' && PASSING.includes(code);
}

/** The end a deployment comes to when work fails for good: the most telling one the lifecycle allows. */
export function endAfter(state: DeploymentState, code: string): DeploymentState {
  const telling: DeploymentState = REJECTIONS.includes(code)
    ? 'rejected'
    : code === 'BUNDLE_FILE_MISSING'
      ? 'noartifact'
      : 'failure';
  return advance(DEPLOYMENT_LIFECYCLE, state, telling) ?? 'failure';
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
