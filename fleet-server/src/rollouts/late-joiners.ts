import type { RolloutMember } from '../store/port.ts';
import type { LiveRollout } from './live-rollout.ts';
import { PLANNER, type StepChange } from './perform-steps.ts';

/**
 * Devices that meet the filter of a continuous rollout by now join its last group.
 * @param matching ids of those that meet it
 * @returns undefined when nobody joins
 */
export function joinLate(
  { rollout, groups, members }: LiveRollout,
  matching: readonly string[],
  nowMs: number,
): StepChange | undefined {
  const last = groups.at(-1);
  const isOpen = rollout.state === 'running' && rollout.policy.targetSelection === 'continuous';
  if (!isOpen || last === undefined) return undefined;
  const fresh = matching.filter((id) => !members.has(id));
  if (fresh.length === 0) return undefined;
  const positions = Array.from(members.values(), ({ position }) => position);
  const next = 1 + positions.reduce((highest, position) => Math.max(highest, position), -1);
  const joined = fresh.map(
    (deviceId, index): RolloutMember => ({
      deviceId,
      group: last.index,
      position: next + index,
      attempts: 0,
      isRetried: false,
      isExcused: false,
      restoreAttempts: 0,
    }),
  );
  const entry = { atMs: nowMs, actor: PLANNER, subject: 'device', to: 'pending' } as const;
  const why = 'it meets the filter by now';
  return {
    rollout,
    groups: [],
    members: joined,
    deployments: [],
    ends: [],
    journal: joined.map(({ deviceId }) => ({ ...entry, deviceId, group: last.index + 1, why })),
  };
}
