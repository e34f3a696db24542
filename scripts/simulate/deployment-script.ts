import type { DeploymentBody } from '@watchpost/shared/messages/deployment.ts';
import type { DeploymentFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { BoxTraits } from './population.ts';
import type { Scenario } from './scenario.ts';

/** One change a box tells, so long after the one before. */
export interface ScriptStep {
  readonly afterMs: number;
  /** It takes the network: while the box is away, it does not end. */
  readonly needsNetwork?: boolean;
  readonly tell: Pick<DeploymentBody, 'state' | 'reason' | 'detail' | 'findings'>;
  /** What classifies after this step. */
  readonly runs?: 'new' | 'old';
}

/** How a deployment goes on a box, as the agent tells it: the same changes with the same findings. */
export function scriptDeployment(
  traits: Pick<BoxTraits, 'board' | 'downloadMs' | 'behaviour' | 'endingOf'>,
  version: string,
  { steps, acceleration }: Pick<Scenario, 'steps' | 'acceleration'>,
  /** Digest of what runs now. */
  before: string | undefined,
): readonly ScriptStep[] {
  const ms = (sec: number): number => (sec * 1000) / acceleration;
  const ending = traits.endingOf(version);
  const inferMs = traits.board.inferMs * traits.behaviour(version).slower;
  const fetched: readonly ScriptStep[] = [
    { afterMs: 0, tell: { state: 'queued' } },
    { afterMs: 0, tell: { state: 'downloading' } },
    { afterMs: traits.downloadMs, needsNetwork: true, tell: { state: 'downloaded' } },
    { afterMs: 0, tell: { state: 'verifying' } },
  ];
  if (ending === 'rejected') {
    const detail = 'simulated: this box cannot run the bundle';
    return [
      ...fetched,
      { afterMs: ms(steps.verifySec), tell: { state: 'rejected', reason: 'BUNDLE_UNFIT', detail } },
    ];
  }
  const installed: readonly ScriptStep[] = [
    ...fetched,
    { afterMs: ms(steps.verifySec), tell: { state: 'installing' } },
    { afterMs: 0, tell: { state: 'testing' } },
  ];
  const tested = {
    afterMs: ms(steps.selfTestSec),
    tell: { state: 'testing', findings: selfTest(inferMs, ending) },
  } as const;
  if (ending === 'failure') {
    const detail = 'simulated: a golden frame has another answer';
    return [
      ...installed,
      tested,
      { afterMs: 0, tell: { state: 'failure', reason: 'SELFTEST_FAILED', detail } },
    ];
  }
  return [
    ...installed,
    tested,
    { afterMs: ms(steps.shadowSec), tell: { state: 'testing', findings: shadow(inferMs, steps.shadowSec) } },
    {
      afterMs: 0,
      runs: 'new',
      tell: { state: 'testing', findings: { kind: 'switch', framesDropped: 0, tookMs: 12 } },
    },
    {
      afterMs: ms(steps.probationSec),
      tell: { state: 'testing', findings: probation(ending, steps.probationSec) },
    },
    ending === 'rolled_back' ? rollBack(before) : { afterMs: 0, tell: { state: 'success' } },
  ];
}

function rollBack(digest: string | undefined): ScriptStep {
  const findings = { kind: 'rollback', tookMs: 800, ...(digest !== undefined && { digest }) } as const;
  const detail = 'simulated: inference errors above the limit';
  return {
    afterMs: 0,
    runs: 'old',
    tell: { state: 'rolled_back', reason: 'PROBATION_FAILED', detail, findings },
  };
}

const latency = (ms: number) => ({ p50: ms, p95: ms * 1.2 });

function selfTest(inferMs: number, ending: string): DeploymentFindings {
  const choice = { variant: 'fp32', threads: 2 };
  const trial = { ...choice, inferMs: latency(inferMs), rssBytes: 150_000_000 };
  if (ending !== 'failure')
    return { kind: 'self_test', trials: [{ ...trial, outcome: 'passed' }], chosen: choice };
  return { kind: 'self_test', trials: [{ ...trial, outcome: 'failed', code: 'SELFTEST_FAILED' }] };
}

function shadow(inferMs: number, windowSec: number): DeploymentFindings {
  return {
    kind: 'shadow',
    frames: Math.round(windowSec * 5),
    windowSec,
    agreement01: 0.98,
    disagreements: [],
    championMs: latency(inferMs),
    challengerMs: latency(inferMs),
    errors: 0,
    busy01: 0.25,
  };
}

function probation(ending: string, windowSec: number): DeploymentFindings {
  const verdict = ending === 'rolled_back' ? 'failed' : 'passed';
  const value = ending === 'rolled_back' ? 0.2 : 0.01;
  return { kind: 'probation', windowSec, gates: [{ gate: 'inference_errors', verdict, value, limit: 0.1 }] };
}
