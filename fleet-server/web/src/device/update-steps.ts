import type { DeploymentFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { DeploymentChange, DeploymentHistory } from '../api/client.ts';

export const UPDATE_STEPS = ['download', 'self_test', 'shadow', 'switch', 'probation'] as const;
export type UpdateStepName = (typeof UPDATE_STEPS)[number];

/** `skipped`: the deployment came to its end without it. */
export type StepState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped';
export type FindingsOf<N> = Extract<DeploymentFindings, { readonly kind: N }>;

export interface UpdateStep {
  readonly name: UpdateStepName;
  readonly state: StepState;
  /** By the clock of the device; absent where it did not tell. */
  readonly beganMs?: number | undefined;
  readonly endedMs?: number | undefined;
  readonly findings?: DeploymentFindings | undefined;
}

type State = DeploymentHistory['state'];
const WAITING: readonly State[] = [
  'pending',
  'queued',
  'waiting_for_window',
  'waiting_for_confirmation',
  'waiting_for_quiet',
  'paused',
];
const GOOD_ENDS: readonly State[] = ['success', 'already_installed', 'kept'];
const BAD_ENDS: readonly State[] = [
  'failure',
  'rolled_back',
  'rejected',
  'timed_out',
  'aborted',
  'noartifact',
  'decommissioned',
];
/** What was downloaded has been verified and laid out by then. */
const BEYOND_DOWNLOAD: readonly State[] = ['waiting_for_quiet', 'testing', 'success', 'kept'];

/** How far a deployment is, step by step. What a later step tells also ends those before it: reports may be missing. */
export function listSteps({
  state,
  changes,
}: Pick<DeploymentHistory, 'state' | 'changes'>): readonly UpdateStep[] {
  const ends = UPDATE_STEPS.map((name) => findEnd(name, changes));
  const lastDone = ends.findLastIndex((end) => end !== undefined);
  const isSpoilt = BAD_ENDS.includes(state) && isFailure(ends[lastDone]?.findings);
  const current = isSpoilt ? lastDone : lastDone + 1;
  const begins = [findBegin(changes, 'downloading'), findBegin(changes, 'testing')];
  return UPDATE_STEPS.map((name, index) => ({
    name,
    state: stateOf(index, current, state),
    beganMs: begins[index] ?? ends[index - 1]?.tsMs,
    endedMs: ends[index]?.tsMs,
    findings: ends[index]?.findings,
  }));
}

const findBegin = (changes: readonly DeploymentChange[], state: State): number | undefined =>
  changes.find((change) => change.state === state)?.tsMs;

/** The change that tells that the step is over. A step that was done again counts as it went last. */
function findEnd(name: UpdateStepName, changes: readonly DeploymentChange[]): DeploymentChange | undefined {
  if (name === 'download') return changes.find(({ state }) => BEYOND_DOWNLOAD.includes(state));
  return changes.findLast(({ findings }) => findings?.kind === name);
}

function isFailure(findings: DeploymentFindings | undefined): boolean {
  if (findings?.kind === 'self_test') return findings.chosen === undefined;
  return findings?.kind === 'probation';
}

function stateOf(index: number, current: number, state: State): StepState {
  if (state === 'success') return 'done';
  if (index < current) return 'done';
  if (GOOD_ENDS.includes(state)) return 'skipped';
  if (BAD_ENDS.includes(state)) return index === current ? 'failed' : 'skipped';
  return index === current && !WAITING.includes(state) ? 'running' : 'waiting';
}

/** What the last step of this kind found, if it did. */
export function findFindings<N extends DeploymentFindings['kind']>(
  changes: readonly DeploymentChange[],
  kind: N,
): FindingsOf<N> | undefined {
  return changes
    .map(({ findings }) => findings)
    .findLast((findings): findings is FindingsOf<N> => findings?.kind === kind);
}
