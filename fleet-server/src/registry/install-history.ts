import type { DeploymentChangeRecord } from '../store/port.ts';

/** From when a device classified with a bundle; with none when there is no digest. */
export interface Run {
  /** Who brought it there. */
  readonly deploymentId: string;
  readonly digest?: string;
  /** By the clock of the device. */
  readonly sinceMs: number;
  readonly reportedAtMs: number;
}

export interface Running extends Run {
  readonly digest: string;
  /** When something else took over; absent if nothing has. */
  readonly untilMs?: number;
}

/**
 * What a device ran, one after the other: a bundle runs from the switch, whatever becomes of its deployment, until the
 * next switch or the rollback.
 * @param changes in the order in which the device made them
 */
export function listRuns(changes: readonly DeploymentChangeRecord[]): readonly Run[] {
  const runs: Run[] = [];
  for (const change of changes) {
    const run = findNextRun(runs, change);
    if (run !== undefined) runs.push(run);
  }
  return runs;
}

/**
 * A device that had the bundle already runs it as well. The report of a switch may be lost: then the success tells, and
 * the end of a probation that was not passed tells what came back.
 * @returns undefined when the change says nothing new
 */
function findNextRun(runs: readonly Run[], change: DeploymentChangeRecord): Run | undefined {
  const { state, findings, deploymentId, bundleDigest } = change;
  const isOwn = (run: Run | undefined): boolean =>
    run?.deploymentId === deploymentId && run.digest === bundleDigest;
  if (findings?.kind === 'rollback') return comeBack(runs, change, findings.digest);
  const isRunning = findings?.kind === 'switch' || state === 'success' || state === 'already_installed';
  if (isRunning) return isOwn(runs.at(-1)) ? undefined : toRun(change, deploymentId, bundleDigest);
  if (!isOwn(runs.at(-1))) return undefined;
  if (state === 'rolled_back') return comeBack(runs, change, runs.findLast((run) => !isOwn(run))?.digest);
  return state === 'failure' ? toRun(change, deploymentId, undefined) : undefined;
}

function comeBack(
  runs: readonly Run[],
  change: DeploymentChangeRecord,
  digest: string | undefined,
): Run | undefined {
  if (runs.at(-1)?.digest === digest) return undefined;
  const before = runs.findLast((run) => run.digest === digest);
  return toRun(change, before?.deploymentId ?? change.deploymentId, digest);
}

const toRun = (
  { tsMs, receivedAtMs }: DeploymentChangeRecord,
  deploymentId: string,
  digest: string | undefined,
): Run => ({
  deploymentId,
  ...(digest !== undefined && { digest }),
  sinceMs: tsMs,
  reportedAtMs: receivedAtMs,
});

/** The run at a time, by the clock of the device. Of two with the same time the later one counts. */
export function findRunning(runs: readonly Run[], atMs: number): Running | undefined {
  const byTime = runs.toSorted((one, other) => one.sinceMs - other.sinceMs);
  const index = byTime.findLastIndex(({ sinceMs }) => sinceMs <= atMs);
  const running = byTime[index];
  const next = byTime[index + 1];
  if (running?.digest === undefined) return undefined;
  return { ...running, digest: running.digest, ...(next !== undefined && { untilMs: next.sinceMs }) };
}
