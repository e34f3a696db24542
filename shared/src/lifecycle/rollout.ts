import Type, { type Static } from 'typebox';
import type { Lifecycle } from './table.ts';

export const RolloutState = Type.Enum([
  'creating',
  'waiting_for_approval',
  'approval_denied',
  'ready',
  'scheduled',
  'running',
  'paused',
  'stopping',
  'stopped',
  'rolling_back',
  'rolled_back',
  'finished',
]);
export type RolloutState = Static<typeof RolloutState>;

export const ROLLOUT_LIFECYCLE: Lifecycle<RolloutState> = {
  creating: ['waiting_for_approval', 'ready', 'stopped'],
  waiting_for_approval: ['ready', 'approval_denied', 'stopped'],
  approval_denied: ['waiting_for_approval', 'stopped'],
  ready: ['scheduled', 'running', 'stopped'],
  scheduled: ['running', 'stopped'],
  running: ['paused', 'stopping', 'rolling_back', 'finished'],
  paused: ['running', 'stopping', 'rolling_back'],
  stopping: ['stopped', 'rolling_back'],
  stopped: ['rolling_back'],
  rolling_back: ['rolled_back', 'stopped'],
  rolled_back: [],
  finished: ['rolling_back'],
};

/** A wave of a rollout. `soaking` = thresholds met, bake time and quality gate still open; a person may skip one. */
export const GroupState = Type.Enum(['scheduled', 'running', 'soaking', 'finished', 'error']);
export type GroupState = Static<typeof GroupState>;

export const GROUP_LIFECYCLE: Lifecycle<GroupState> = {
  scheduled: ['running'],
  running: ['soaking', 'error', 'finished'],
  soaking: ['finished', 'error', 'running'],
  finished: [],
  error: ['running', 'finished'],
};
