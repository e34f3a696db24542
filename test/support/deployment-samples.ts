import type { DeploymentChangeView } from '@watchpost/shared/api/deployments.ts';
import type { DeploymentFindings } from '@watchpost/shared/messages/deployment-findings.ts';

/** What each step of a deployment may find, complete and valid. */
export const FINDINGS = {
  selfTest: {
    kind: 'self_test',
    trials: [
      {
        variant: 'fp32',
        threads: 2,
        outcome: 'passed',
        inferMs: { p50: 41.2, p95: 48.9 },
        rssBytes: 214_000_000,
      },
      {
        variant: 'int8-u8s8',
        threads: 2,
        outcome: 'passed',
        inferMs: { p50: 18.4, p95: 22.1 },
        rssBytes: 131_000_000,
      },
      {
        variant: 'int8-s8s8',
        threads: 2,
        outcome: 'failed',
        code: 'SELFTEST_FAILED',
        detail: 'golden frame cat-3.png: expected cat 0.98, got dog 0.51',
      },
      { variant: 'tfjs', threads: 1, outcome: 'skipped', detail: 'a faster variant passed' },
    ],
    chosen: { variant: 'int8-u8s8', threads: 2 },
    unavailable: [{ provider: 'cuda', detail: 'the library is not there' }],
  },
  shadow: {
    kind: 'shadow',
    frames: 480,
    windowSec: 60,
    agreement01: 0.9791,
    disagreements: [
      { champion: 'cat', challenger: 'none', frames: 7 },
      { champion: 'none', challenger: 'dog', frames: 3 },
    ],
    championMs: { p50: 21, p95: 26.3 },
    challengerMs: { p50: 18.6, p95: 23 },
    confidenceShift: -0.012,
    errors: 0,
    busy01: 0.25,
  },
  switch: { kind: 'switch', framesDropped: 0, tookMs: 12.5 },
  probation: {
    kind: 'probation',
    windowSec: 600,
    gates: [
      { gate: 'inference_errors', verdict: 'passed', value: 0, limit: 0.01 },
      { gate: 'latency', verdict: 'failed', value: 96.4, limit: 60 },
      { gate: 'pace', verdict: 'passed', value: 0.97, limit: 0.8 },
      { gate: 'temperature', verdict: 'passed', value: 61.5, limit: 80 },
      { gate: 'event_rate', verdict: 'passed', value: 1.31, limit: 3 },
      { gate: 'child_restarts', verdict: 'passed', value: 0, limit: 1 },
      { gate: 'agent_restarts', verdict: 'not_judged' },
    ],
  },
  rollback: { kind: 'rollback', tookMs: 840, digest: '3f'.repeat(32) },
} as const satisfies Readonly<Record<string, DeploymentFindings>>;

type Told = Pick<DeploymentChangeView, 'state' | 'findings' | 'reason' | 'detail'>;

/** A deployment that disappoints in its probation, as the box tells it. */
export const ROLLED_BACK: readonly Told[] = [
  { state: 'queued' },
  { state: 'downloading' },
  { state: 'downloaded' },
  { state: 'verifying' },
  { state: 'installing' },
  { state: 'testing' },
  { state: 'testing', findings: FINDINGS.selfTest },
  { state: 'testing', findings: FINDINGS.shadow },
  { state: 'testing', findings: FINDINGS.switch },
  { state: 'testing', findings: FINDINGS.probation },
  {
    state: 'rolled_back',
    findings: FINDINGS.rollback,
    reason: 'PROBATION_FAILED',
    detail: 'latency p95 96.4 ms, limit 60 ms',
  },
];

/** As the API shows them, one each five seconds from `startMs` on. */
export function viewChanges(told: readonly Told[], startMs: number): DeploymentChangeView[] {
  return told.map((change, index) => {
    const tsMs = startMs + index * 5_000;
    return { ...change, tsMs, receivedAtMs: tsMs + 200, historical: false };
  });
}
