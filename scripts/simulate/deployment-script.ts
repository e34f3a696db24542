import type { DeploymentBody } from '@watchpost/shared/messages/deployment.ts';
import type { DeploymentFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { OrderType } from '@watchpost/shared/trust/order.ts';
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

/** What the order meets on the box, and what it says of how the bundle is installed. */
export interface ScriptOrder {
  /** Digest of what runs now. */
  readonly before: string | undefined;
  readonly type?: OrderType | undefined;
  /** Of a soft order: so long from now it is installed at the latest. */
  readonly softMs?: number | undefined;
}

/** How a deployment goes on a box, as the agent tells it: the same changes with the same findings. */
export function scriptDeployment(
  traits: Pick<BoxTraits, 'board' | 'downloadMs' | 'behaviour' | 'endingOf'>,
  version: string,
  { steps, acceleration }: Pick<Scenario, 'steps' | 'acceleration'>,
  order: ScriptOrder,
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
  const verifyMs = ms(steps.verifySec);
  if (order.type === 'download_only') return [...fetched, { afterMs: verifyMs, tell: { state: 'kept' } }];
  const installed: readonly ScriptStep[] = [
    ...fetched,
    ...(order.type === 'soft'
      ? waitForQuiet(verifyMs, Math.min(ms(steps.quietSec), order.softMs ?? Number.POSITIVE_INFINITY))
      : install(verifyMs)),
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
    ending === 'rolled_back' ? rollBack(order.before) : { afterMs: 0, tell: { state: 'success' } },
  ];
}

const install = (afterMs: number): readonly ScriptStep[] => [
  { afterMs, tell: { state: 'installing' } },
  { afterMs: 0, tell: { state: 'testing' } },
];

const waitForQuiet = (afterMs: number, quietMs: number): readonly ScriptStep[] => [
  { afterMs, tell: { state: 'waiting_for_quiet', detail: 'simulated: a camera sees something' } },
  { afterMs: Math.max(0, quietMs), tell: { state: 'testing' } },
];

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
