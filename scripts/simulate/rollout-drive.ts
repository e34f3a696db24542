import type { ApiClient } from '@watchpost/fleet-server/cli/api-client.ts';
import { RolloutView } from '@watchpost/shared/api/rollouts.ts';
import type { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import { MODEL } from './population.ts';
import type { ScenarioRollout } from './scenario.ts';

const OVER: readonly string[] = ['finished', 'stopped', 'rolled_back', 'approval_denied'];
export const isOver = ({ state }: Pick<RolloutView, 'state'>): boolean => OVER.includes(state);

/** Makes the rollout of the scenario and starts it. @returns its id */
export async function startRollout(
  api: ApiClient,
  { rollout, acceleration }: { readonly rollout: ScenarioRollout; readonly acceleration: number },
  seed: number,
): Promise<string> {
  const request = {
    name: `simulated ${rollout.version}`,
    version: `${MODEL}@${rollout.version}`,
    groups: { canary: rollout.waves },
    seed: String(seed),
    policy: acceleratePolicy(rollout.policy, acceleration),
    start: true,
  };
  const { id } = await api.post('rollouts', request, RolloutView);
  return id;
}

export const viewRollout = (api: ApiClient, id: string): Promise<RolloutView> =>
  api.get(`rollouts/${id}`, RolloutView);

/** Waits shorter and paces faster by the factor; shares, budgets and counts stay. */
export function acceleratePolicy(policy: Partial<RolloutPolicy>, factor: number): Partial<RolloutPolicy> {
  const shorter = (value: number, least: number): number => Math.max(least, Math.round(value / factor));
  const faster = (perMinute: number): number => Math.min(1_000_000, Math.round(perMinute * factor));
  const { soakSeconds, rate, timeoutMinutes, stepTimeoutMinutes, gates, ...others } = policy;
  return {
    ...others,
    ...(soakSeconds !== undefined && { soakSeconds: shorter(soakSeconds, soakSeconds === 0 ? 0 : 1) }),
    ...(rate !== undefined && { rate: { ...rate, base: faster(rate.base), max: faster(rate.max) } }),
    ...(timeoutMinutes !== undefined && { timeoutMinutes: shorter(timeoutMinutes, 1) }),
    ...(stepTimeoutMinutes !== undefined && { stepTimeoutMinutes: shorter(stepTimeoutMinutes, 1) }),
    ...(gates !== undefined && {
      gates: gates.map((gate) => ({
        ...gate,
        ...(gate.waitMinutes !== undefined && { waitMinutes: shorter(gate.waitMinutes, 1) }),
      })),
    }),
  };
}
