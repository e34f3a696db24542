import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { DeploymentId, DeploymentJournal } from './deployment-journal.ts';
import { isInstalled } from './phases.ts';
import { interrupted } from './plan.ts';
import type { BundleStore, Champion, DeploymentRecord, Why } from './port.ts';
import { NOTHING_SEEN } from './probation-gates.ts';
import type { RunningModel } from './running-model.ts';

export interface RestartDeps {
  readonly bundles: BundleStore;
  readonly running: RunningModel;
  readonly journal: DeploymentJournal;
  readonly isCautious: boolean;
  readonly maxAgentRestarts: number;
  readonly log: Logger;
}

/** A champion on trial that this start of the agent gave up. */
export interface TakenBack {
  readonly deployment: DeploymentId;
  readonly why: Why;
}

/**
 * Makes the box classify with what is on its disk, before anything is heard from the fleet. A champion on trial gives
 * way to the model before at the least doubt.
 * @returns what the updater has to tell of it
 */
export async function runChampion(deps: RestartDeps): Promise<TakenBack | undefined> {
  try {
    const trial = await findTrial(deps);
    const doubt = trial && (await findDoubt(trial, deps));
    if (doubt === undefined) return await runWhatIsSound(trial, deps);
    await deps.bundles.switchBack();
    await runWhatIsSound(undefined, deps);
    return trial && { deployment: trial, why: doubt };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    deps.log.error({ code: error.code, error: describeError(error) }, 'champion cannot run');
    return undefined;
  }
}

/** Whose model is on trial. */
async function findTrial({ bundles }: RestartDeps): Promise<DeploymentId | undefined> {
  const [slots, back] = [await bundles.readSlots(), await bundles.readBack()];
  return back === undefined ? undefined : slots.champion;
}

async function findDoubt(trial: DeploymentId, deps: RestartDeps): Promise<Why | undefined> {
  const { bundles, journal, isCautious, maxAgentRestarts } = deps;
  const record = journal.record();
  const isOwn = record?.deploymentId === trial.deploymentId;
  if (isOwn && isInstalled(record.phase)) {
    await journal.attempt('commit', () => bundles.endTrial());
    return undefined;
  }
  if (isCautious) return interrupted('the agent kept ending early');
  if (isOwn && record.phase === 'rolling_back' && record.why !== undefined) return record.why;
  if (!isOwn || !isWatching(record)) return interrupted('the trial of this model was not brought to its end');
  // Counted before it is run: what takes the agent down does not come so far again.
  const watched = record.watched ?? NOTHING_SEEN;
  const agentRestarts = watched.agentRestarts + 1;
  await journal.note({ watched: { ...watched, agentRestarts } });
  if (agentRestarts <= maxAgentRestarts) return undefined;
  const detail = `agent_restarts is ${agentRestarts}, limit ${maxAgentRestarts}`;
  return { reason: 'PROBATION_FAILED', detail };
}

const isWatching = ({ phase }: DeploymentRecord): boolean => phase === 'probation' || phase === 'switching';

async function runWhatIsSound(
  trial: DeploymentId | undefined,
  deps: RestartDeps,
): Promise<TakenBack | undefined> {
  const { bundles, log } = deps;
  const champion = await bundles.loadChampion();
  const isDamaged = trial !== undefined && champion?.slot.deploymentId !== trial.deploymentId;
  if (champion === undefined) log.info({}, 'no model yet');
  const failure = champion && (await tryToRun(champion, deps));
  if (isDamaged)
    return { deployment: trial, why: { reason: 'BUNDLE_DIGEST_MISMATCH', detail: 'it got damaged' } };
  if (failure === undefined) return undefined;
  if (trial === undefined) {
    await runPrevious(deps);
    return undefined;
  }
  await bundles.switchBack();
  await runWhatIsSound(undefined, deps);
  return { deployment: trial, why: { reason: failure.code, detail: failure.message } };
}

/** For a box on which nothing runs. */
export async function runChampionAgain(deps: RestartDeps): Promise<void> {
  await deps.journal.attempt('run the champion', async () => {
    const champion = await deps.bundles.loadChampion();
    if (champion !== undefined && (await tryToRun(champion, deps)) !== undefined) await runPrevious(deps);
  });
}

/** The champion stays what it is: the next start tries it again. */
async function runPrevious(deps: RestartDeps): Promise<void> {
  const { previous } = await deps.bundles.readSlots();
  if (previous === undefined) return;
  const bundle = await deps.journal.attempt('load the previous model', () =>
    deps.bundles.loadBundle(previous.digest),
  );
  if (bundle !== undefined) await tryToRun({ bundle, slot: previous }, deps);
}

async function tryToRun(champion: Champion, { running, log }: RestartDeps): Promise<AppError | undefined> {
  try {
    await running.run(champion);
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { digest } = champion.slot;
    log.error({ code: error.code, digest, error: describeError(error) }, 'model cannot run');
    return error;
  }
}
