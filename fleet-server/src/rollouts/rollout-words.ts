import type { Hold } from './rollout-snapshot.ts';

/** Why devices are held back. */
export const HOLD_WORDS: Readonly<Record<Hold, string>> = {
  not_its_turn: 'the groups before come first',
  offline: 'offline; ordered when back',
  window: 'outside of the maintenance window',
  other_rollout: 'another rollout or order is at work there, or goes first',
  retry_delay: 'failed; tried again in a while',
  rate: 'the rate of the policy',
  parallel_downloads: 'maxParallelDownloads of the policy',
  disruption_budget: 'disruptionBudget of the policy; devices of no place count as one place',
};

export const percentOf = (ratio01: number): string => `${Math.round(ratio01 * 1000) / 10} %`;
export const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
export const timeOf = (timeMs: number): string => new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
