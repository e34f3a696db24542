import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { trialsOf } from './deployment-journal.ts';
import { DeploymentRun, type RunDeps } from './deployment-run.ts';
import { forgetKept } from './deployment-work.ts';
import type { EventWatch } from './event-watch.ts';
import { isInstalled, isOpen, type OpenPhase, PHASES } from './phases.ts';
import { findEndless, interrupted, isSuperseded, type OrderPlan, planOrder, planRestart } from './plan.ts';
import type { DeploymentRecord, Why } from './port.ts';
import { describeFailure } from './probation.ts';
import { judgeProbation, NOTHING_SEEN } from './probation-gates.ts';
import { findInQuarantine } from './quarantine.ts';
import type { TakenBack } from './restart.ts';
import type { Slot, Slots } from './slots.ts';

export interface UpdateDeps extends RunDeps {
  readonly events: EventWatch;
  readonly isCautious: boolean;
}

/** The clock may be set while an order waits for its time. */
const LOOK_AGAIN_MS = 60_000;

/**
 * Brings one order to its end; returns early when `signal` is aborted, and goes on from there the next time.
 * Whatever it throws is a bug, unless `signal` is aborted.
 */
export async function carryOut(order: Order, deps: UpdateDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const plan = await observe(order, deps);
    const last = deps.journal.record();
    if (isSuperseded(last, order)) await leave(last, order, deps);
    if (plan.kind !== 'wait') return perform(plan, order, deps, signal);
    const { deploymentId } = order;
    deps.log.info({ deploymentId, untilMs: plan.untilMs }, 'order waits for its time');
    await waitMs(LOOK_AGAIN_MS, signal);
  }
}

async function observe(order: Order, deps: UpdateDeps): Promise<OrderPlan> {
  const { journal, clock, isClockTrusted } = deps;
  return planOrder(
    {
      champion: (await readGood(deps))?.digest,
      deployment: journal.record(),
      nowMs: isClockTrusted?.() === false ? undefined : clock.wallMs(),
      failed: findInQuarantine(journal.quarantine(), order.sha256),
    },
    order,
  );
}

/** The champion, or the one the box goes back to while that is on trial. */
async function readGood({ journal, bundles }: UpdateDeps): Promise<Slot | undefined> {
  const slots = await journal.attempt('read the slots', () => bundles.readSlots());
  const back = await journal.attempt('read the slots', () => bundles.readBack());
  return back?.champion ?? slots?.champion;
}

async function perform(
  plan: Exclude<OrderPlan, { kind: 'wait' }>,
  order: Order,
  deps: UpdateDeps,
  signal: AbortSignal,
): Promise<void> {
  const { deploymentId, sha256: digest } = order;
  const run = new DeploymentRun({ deploymentId, digest }, order, deps, signal);
  if (plan.kind === 'end') {
    // Should it get damaged, what is fetched again is run as it was.
    const choice = isInstalled(plan.phase) ? (await readGood(deps))?.choice : undefined;
    await run.end(plan.phase, plan.why, choice && { choice });
  }
  if (plan.kind === 'begin') {
    if (order.liftQuarantine === true) await deps.journal.pardon(digest);
    await run.begin();
  }
  if (plan.kind === 'resume') await resumeAt(plan.at, run, deps);
  if (plan.kind === 'repair') await run.repair();
}

/** Goes on with the deployment a start of the agent finds, as far as nobody has to be asked. */
export async function resumeDeployment(
  takenBack: TakenBack | undefined,
  deps: UpdateDeps,
  signal: AbortSignal,
): Promise<void> {
  const { journal, bundles, isCautious } = deps;
  const record = journal.record();
  const slots = await journal.attempt('read the slots', () => bundles.readSlots());
  const back = await journal.attempt('read the slots', () => bundles.readBack());
  const why = findWhyBack(takenBack, record, slots);
  const isTakenBack = why !== undefined;
  const plan = planRestart({ record, isOnTrial: back !== undefined, isTakenBack, isCautious });
  await removeLeftovers(record, deps);
  if (record === undefined || plan.kind === 'none') return;
  const run = new DeploymentRun(record, undefined, deps, signal);
  if (plan.kind === 'succeed') return run.commit();
  if (plan.kind === 'fail') {
    const next = await run.fail(plan.phase, plan.why);
    return isOpen(next) ? run.perform(next) : undefined;
  }
  if (why !== undefined && record.phase !== 'rolling_back') {
    tellProbation(record, deps);
    return run.perform(await run.goBack(why));
  }
  await resumeAt(plan.at, run, deps);
}

/** Why the model of the deployment is not the champion any more, if it was. */
function findWhyBack(
  takenBack: TakenBack | undefined,
  record: DeploymentRecord | undefined,
  slots: Slots | undefined,
): Why | undefined {
  if (record === undefined) return undefined;
  if (takenBack?.deployment.deploymentId === record.deploymentId) return takenBack.why;
  if (record.phase !== 'probation' || slots?.champion?.deploymentId === record.deploymentId) return undefined;
  return interrupted('what was written of the models of this box was damaged');
}

/** A restart counts: a deployment that only ever begins again is given up. */
async function resumeAt(at: OpenPhase, run: DeploymentRun, { journal }: UpdateDeps): Promise<void> {
  const record = journal.record();
  if (record === undefined) return;
  // A box may be switched off every night while it waits.
  if (at === 'waiting') return run.perform(at);
  const why = isOpen(record.phase) && record.phase !== 'rolling_back' ? findEndless(record) : undefined;
  if (why !== undefined && isOpen(record.phase)) {
    const next = await run.fail(record.phase, why);
    return isOpen(next) ? run.perform(next) : undefined;
  }
  await journal.note({
    transitions: record.transitions + 1,
    trials: record.trials + trialsOf(record.phase),
  });
  await run.perform(at);
}

function tellProbation({ watched = NOTHING_SEEN, baseline }: DeploymentRecord, deps: UpdateDeps): void {
  const limits = deps.settings.probation;
  const { gates } = judgeProbation({ watched, baseline, limits, requiredMs: undefined });
  if (describeFailure(gates) === undefined) return;
  deps.journal.tell({ findings: { kind: 'probation', windowSec: watched.spentMs / 1000, gates } });
}

/** What a power cut left behind. */
async function removeLeftovers(record: DeploymentRecord | undefined, deps: UpdateDeps): Promise<void> {
  if (record !== undefined && isInstalled(record.phase)) {
    await deps.journal.attempt('forget what was kept', () => forgetKept(deps.bundles, record.digest));
  }
  const inWork = record !== undefined && isOpen(record.phase) ? { digest: record.digest } : undefined;
  await deps.journal.attempt('remove what is not used', () => deps.bundles.removeUnused(inWork));
}

/**
 * Ends a deployment another one takes the place of. A model on trial gives way to the one before: what is watched by
 * nobody does not stay, and the next one goes back to what has proved itself.
 */
async function leave(last: DeploymentRecord, order: Order, deps: UpdateDeps): Promise<void> {
  const { journal, bundles, trial } = deps;
  const { phase } = last;
  await journal.enter(last, 'aborted', { detail: `deployment ${order.deploymentId} took its place` });
  if (!isOpen(phase) || PHASES[phase].needs === 'order') return;
  await journal.attempt('go back to the model before', () => goBackFrom(last, deps));
  await journal.attempt('end the trial', () => trial.settle());
  await journal.attempt('forget the challenger', () => bundles.saveChallenger(undefined));
}

async function goBackFrom(
  { deploymentId }: DeploymentRecord,
  { bundles, running }: UpdateDeps,
): Promise<void> {
  const [slots, back] = [await bundles.readSlots(), await bundles.readBack()];
  // The first model of a box has none before it: it is better than none.
  if (back !== undefined && back.champion === undefined) return bundles.endTrial();
  const slot = back?.champion ?? slots.champion;
  const current = running.current()?.slot.deploymentId;
  // What was switched to, or is being switched to, is not on the disk: a restart would not run it.
  if (slot === undefined && (current ?? deploymentId) === deploymentId) await running.standDown();
  if (slot !== undefined && current !== slot.deploymentId) {
    await running.run({ bundle: await bundles.loadBundle(slot.digest), slot });
  }
  if (back !== undefined) await bundles.switchBack();
}
