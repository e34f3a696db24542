import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { ModelChoice, ShadowFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { AgentConfig } from '../config/schema.ts';
import { DONE, type Outcome, type Workpiece } from './deployment-work.ts';
import type { BundleStore, Champion, InstalledBundle, ModelTrial } from './port.ts';
import { type ProbationDeps, sampleBaseline, watchProbation } from './probation.ts';
import { type QuietWaitDeps, waitForQuiet } from './quiet-wait.ts';
import type { RunningModel } from './running-model.ts';
import { firstChoice, type Slot } from './slots.ts';

export interface TrialWorkDeps extends ProbationDeps, QuietWaitDeps {
  readonly bundles: BundleStore;
  readonly trial: ModelTrial;
  readonly running: RunningModel;
  readonly settings: Pick<AgentConfig['update'], 'shadow' | 'probation'>;
  readonly log: Logger;
}

/** What the trial of one bundle needs to know over its phases. */
export interface TrialPiece extends Workpiece {
  /** What runs may not be what ran before. */
  isSwitched?: boolean;
  /** What is gone back to, every byte checked before it is needed. */
  good?: Champion;
  /** When it was decided to go back, on the monotonic clock. */
  decidedAtMs?: number;
}

export type TrialWork = 'wait' | 'self_test' | 'shadow' | 'switch' | 'watch' | 'roll_back';
type Perform = (piece: TrialPiece, deps: TrialWorkDeps, signal: AbortSignal) => Promise<Outcome>;

/** From the bundle on the disk to the champion, or back. Needs neither order nor server. */
export const TRIAL_WORKS: Readonly<Record<TrialWork, Perform>> = {
  wait: (_piece, deps, signal) => waitForQuiet(deps, signal),
  self_test: selfTest,
  shadow,
  switch: switchModels,
  watch,
  roll_back: rollBack,
};

async function selfTest(piece: TrialPiece, deps: TrialWorkDeps, signal: AbortSignal): Promise<Outcome> {
  const outcome = await deps.trial.selfTest(await installedOf(piece, deps), signal);
  // What was cut short says nothing about the model.
  signal.throwIfAborted();
  const { findings } = outcome;
  if (outcome.kind === 'passed') return { findings, found: { choice: outcome.choice } };
  return { findings, failure: { reason: outcome.code, detail: outcome.detail } };
}

/** While both run, the model before shows how it fares: the new one is measured against that. */
async function shadow(piece: TrialPiece, deps: TrialWorkDeps, signal: AbortSignal): Promise<Outcome> {
  const installed = await installedOf(piece, deps);
  const baseline = deps.running.current() === undefined ? undefined : sampleBaseline(deps, signal);
  try {
    if (piece.order === undefined) await baseline?.untilCamerasAreOn();
    const findings = await deps.trial.shadow(installed, choiceOf(deps, installed), signal);
    signal.throwIfAborted();
    const failure = judgeShadow(findings, deps.settings.shadow.minAgreement01);
    if (failure !== undefined || baseline === undefined) return { findings, ...(failure && { failure }) };
    return { findings, found: { baseline: await baseline.take() } };
  } finally {
    baseline?.stop();
  }
}

function judgeShadow(findings: ShadowFindings, minAgreement01: number): Outcome['failure'] {
  const { frames, errors, agreement01 } = findings;
  const reason = 'SHADOW_FAILED';
  if (errors > 0) return { reason, detail: `it failed on ${errors} frames beside the champion` };
  if (frames === 0 || agreement01 === undefined || agreement01 >= minAgreement01) return undefined;
  const detail = `it agrees with the champion on ${agreement01.toFixed(3)} of ${frames} frames, least ${minAgreement01}`;
  return { reason, detail };
}

/**
 * The record is switched only after the model was: a power cut in between starts with the old one again, and so does
 * a switch that is given up in between, which leaves the disk alone from there on.
 */
async function switchModels(piece: TrialPiece, deps: TrialWorkDeps, signal: AbortSignal): Promise<Outcome> {
  const { bundles, running } = deps;
  const { digest, deploymentId } = piece.deployment;
  const [before, back] = [await bundles.readSlots(), await bundles.readBack()];
  if (back !== undefined && before.champion?.deploymentId === deploymentId) return DONE;
  const installed = await installedOf(piece, deps);
  const slot: Slot = { digest, deploymentId, choice: choiceOf(deps, installed) };
  await prove(piece, before.champion, deps);
  signal.throwIfAborted();
  await bundles.prepareSwitch(slot);
  piece.isSwitched = true;
  const findings = await running.run({ bundle: installed, slot }, signal).catch((error: unknown) => {
    piece.isSwitched = false;
    throw error;
  });
  signal.throwIfAborted();
  await bundles.commitSwitch();
  return { findings };
}

async function watch(piece: TrialPiece, deps: TrialWorkDeps, signal: AbortSignal): Promise<Outcome> {
  const { manifest } = await installedOf(piece, deps);
  const good = (await deps.bundles.readBack())?.champion;
  if (piece.good?.slot.deploymentId !== good?.deploymentId) await prove(piece, good, deps);
  return watchProbation(deps, manifest.requires.latencyMs, signal);
}

/** The cameras get their model back first; then the disk is told. */
async function rollBack(piece: TrialPiece, deps: TrialWorkDeps, signal: AbortSignal): Promise<Outcome> {
  const { bundles, running, trial, clock } = deps;
  piece.decidedAtMs ??= clock.monotonicMs();
  const back = await bundles.readBack();
  const slot = (back ?? (await bundles.readSlots())).champion;
  if (slot === undefined) await running.standDown();
  else if (running.current()?.slot.deploymentId !== slot.deploymentId) {
    const good = piece.good?.slot.digest === slot.digest ? piece.good : await load(slot, deps);
    await running.run(good, signal);
  }
  const tookMs = clock.monotonicMs() - piece.decidedAtMs;
  signal.throwIfAborted();
  if (back !== undefined) await bundles.switchBack();
  await trial.settle();
  return { findings: { kind: 'rollback', tookMs, ...(slot && { digest: slot.digest }) } };
}

/** A way back that is found broken now is told while there is time to mend it. */
async function prove(piece: TrialPiece, slot: Slot | undefined, deps: TrialWorkDeps): Promise<void> {
  if (slot === undefined) return;
  const good = await deps.journal.attempt('check the model to go back to', () => load(slot, deps));
  if (good !== undefined) piece.good = good;
}

async function load(slot: Slot, { bundles }: TrialWorkDeps): Promise<Champion> {
  return { bundle: await bundles.loadBundle(slot.digest), slot };
}

async function installedOf(piece: TrialPiece, { bundles }: TrialWorkDeps): Promise<InstalledBundle> {
  piece.installed ??= await bundles.loadBundle(piece.deployment.digest);
  return piece.installed;
}

function choiceOf({ journal }: TrialWorkDeps, { manifest }: InstalledBundle): ModelChoice {
  return journal.record()?.choice ?? firstChoice(manifest);
}
