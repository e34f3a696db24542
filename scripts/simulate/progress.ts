import type { RolloutView } from '@watchpost/shared/api/rollouts.ts';
import type { HostCounters } from './box-report.ts';

/** One line of what goes on. */
export function formatProgress(
  sec: number,
  counters: HostCounters,
  rollout: RolloutView | undefined,
): string {
  const { boxes, up, held, inWork } = counters;
  const parts = [
    `${Math.round(sec)} s`,
    `${up} of ${boxes} boxes connected`,
    `${held} messages without receipt`,
  ];
  if (rollout === undefined) return [...parts, `${inWork} in work`].join(', ');
  const { succeeded, failed, rejected, restored, total } = rollout.counts;
  const group = rollout.groups.find(({ state }) => state !== 'finished' && state !== 'scheduled');
  const wave = group === undefined ? '' : `, wave ${group.number} of ${rollout.groups.length} ${group.state}`;
  const ends = [
    `${succeeded} of ${total} done`,
    `${inWork} in work`,
    `${failed} failed`,
    `${rejected} rejected`,
  ];
  const back = restored > 0 ? [`${restored} sent back`] : [];
  return [...parts, `rollout ${rollout.state}${wave}`, ...ends, ...back].join(', ');
}
