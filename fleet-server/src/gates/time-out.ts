import { GATE_WAIT_MINUTES } from '@watchpost/shared/rollout/gates.ts';
import type { GateSetting } from '@watchpost/shared/rollout/policy.ts';
import type { GateEvidence, GateJudgement } from './port.ts';

const MINUTE_MS = 60_000;

/** Open for as long as the policy lets it, then what the policy says: nothing stays open for ever. */
export function judgeOpen(
  { gate, waitMinutes = GATE_WAIT_MINUTES, onTimeout = 'fail' }: GateSetting,
  { nowMs, soakEndsAtMs }: Pick<GateEvidence, 'nowMs' | 'soakEndsAtMs'>,
  why: string,
): GateJudgement {
  if (nowMs < soakEndsAtMs + waitMinutes * MINUTE_MS) return { gate, verdict: 'open', why };
  return {
    gate,
    verdict: onTimeout,
    why: `still open ${waitMinutes} min after the soak: ${why}`,
  };
}
