import { findFilling, findWear, findWrites } from './disk-signs.ts';
import type { HintPoint } from './hint-point.ts';
import { findGrowth, findHeat, findWeakPower } from './machine-signs.ts';
import { findSlowFrames, findSlowModel } from './pace-signs.ts';
import type { Sign } from './sign.ts';

/**
 * Signs of failures to come, in the summaries of one machine. What cannot be judged (too short a history, no sensor)
 * gives no sign; what can be judged and is well gives one with a score below 1.
 *
 * | code | concluded from | 1 at |
 * |---|---|---|
 * | temperature_rising | trend of half an hour, by Theil and Sen, above its usual | the limit in 45 minutes |
 * | power_weak | windows of the last hour in which the voltage was too low | one of them |
 * | fps_falling | frames captured while something moved, against the box's own median of two days | 30 % fewer |
 * | inference_slowing | p95 of the model, against its own median of two days | 50 % more |
 * | disk_worn | life time and spare blocks of an eMMC (JEDEC JESD84-B51) | 80 % of its life |
 * | disk_writes | bytes written a day, against a budget (below) | the budget |
 * | disk_filling | trend of the free space of a day | full in 14 days |
 * | memory_growing | trend of the memory of the agent and its processes over a day | none left in 7 days |
 *
 * @param history oldest first
 */
export function findSigns(history: readonly HintPoint[]): readonly Sign[] {
  const last = history.at(-1);
  if (last === undefined) return [];
  return [
    ...findHeat(history, last),
    ...findWeakPower(history, last),
    ...findSlowFrames(history, last),
    ...findSlowModel(history, last),
    ...findWear(last),
    ...findWrites(history, last),
    ...findFilling(history, last),
    ...findGrowth(history, last),
  ];
}
