import type { RolloutGateUnit } from '@watchpost/shared/rollout/gates.ts';
import type { Word } from '../shell/state-words.ts';
import type { RolloutGroupView, RolloutView } from './rollouts-api.ts';

type State = RolloutView['state'];
type Verdict = RolloutView['gates'][number]['verdict'];

export const ROLLOUT_WORDS: Readonly<Record<State, Word>> = {
  creating: { text: 'Being made', tone: 'busy' },
  waiting_for_approval: { text: 'Waiting for approval', tone: 'warn' },
  approval_denied: { text: 'Denied', tone: 'off' },
  ready: { text: 'Ready', tone: 'off' },
  scheduled: { text: 'Scheduled', tone: 'off' },
  running: { text: 'Running', tone: 'busy' },
  paused: { text: 'Paused', tone: 'warn' },
  stopping: { text: 'Stopping', tone: 'warn' },
  stopped: { text: 'Stopped', tone: 'off' },
  rolling_back: { text: 'Rolling back', tone: 'bad' },
  rolled_back: { text: 'Rolled back', tone: 'bad' },
  finished: { text: 'Finished', tone: 'good' },
};

export const GROUP_WORDS: Readonly<Record<RolloutGroupView['state'], Word>> = {
  scheduled: { text: 'To come', tone: 'off' },
  running: { text: 'Running', tone: 'busy' },
  soaking: { text: 'Soaking', tone: 'busy' },
  finished: { text: 'Finished', tone: 'good' },
  error: { text: 'Error', tone: 'bad' },
};

export const VERDICT_WORDS: Readonly<Record<Verdict, Word>> = {
  pass: { text: 'Passes', tone: 'good' },
  fail: { text: 'Fails', tone: 'bad' },
  open: { text: 'Open', tone: 'warn' },
};

const HOLD_WORDS: Readonly<Record<string, string>> = {
  not_its_turn: 'The groups before come first',
  offline: 'Offline; ordered when back',
  window: 'Outside of the maintenance window',
  other_rollout: 'Another rollout or order is at work there, or goes first',
  retry_delay: 'Failed; tried again in a while',
  rate: 'The rate of the policy',
  parallel_downloads: 'Downloads at the same time, by the policy',
  disruption_budget: 'Others of the same place are in work, by the policy',
};

export const holdInWords = (reason: string): string => HOLD_WORDS[reason] ?? reason.replaceAll('_', ' ');

/** Nothing moves any more unless a person asks for it. */
export const isAtRest = (state: State): boolean =>
  ['finished', 'stopped', 'rolled_back', 'approval_denied'].includes(state);

const LIMIT_FORMATS: Readonly<Record<RolloutGateUnit, (limit: number) => string>> = {
  share: (limit) => `${rounded(limit * 100)} %`,
  points: (limit) => `${rounded(limit * 100)} percentage points`,
  times: (limit) => `${limit} times`,
  degrees: (limit) => `${limit} °C`,
  ms: (limit) => `${limit} ms`,
};
const rounded = (value: number): number => Math.round(value * 100) / 100;

export const formatLimit = (limit: number, unit: RolloutGateUnit): string => LIMIT_FORMATS[unit](limit);
