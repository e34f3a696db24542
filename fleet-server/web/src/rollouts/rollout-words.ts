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

const LIMIT_FORMATS: Readonly<Record<RolloutGateUnit, (limit: number) => string>> = {
  share: (limit) => `${rounded(limit * 100)} %`,
  points: (limit) => `${rounded(limit * 100)} percentage points`,
  times: (limit) => `${limit} times`,
  degrees: (limit) => `${limit} °C`,
  ms: (limit) => `${limit} ms`,
};
const rounded = (value: number): number => Math.round(value * 100) / 100;

export const formatLimit = (limit: number, unit: RolloutGateUnit): string => LIMIT_FORMATS[unit](limit);
