import type { Slowdown } from '@watchpost/shared/messages/camera.ts';
import type { CameraView, DeviceView } from '../api/client.ts';

/** How a state looks; each has a colour, a mark and, always beside it, a word. */
export type Tone = 'good' | 'warn' | 'busy' | 'off' | 'bad';

export interface Word {
  readonly text: string;
  readonly tone: Tone;
}

type Connection = DeviceView['connection'];
type Condition = NonNullable<CameraView['status']>['condition'];
type Deployment = NonNullable<DeviceView['deployment']>['state'];

/** In the order in which they are counted. */
export const CONNECTIONS: readonly Connection[] = ['ready', 'degraded', 'updating', 'disconnected', 'lost'];

export const CONNECTION_WORDS: Readonly<Record<Connection, Word>> = {
  ready: { text: 'Ready', tone: 'good' },
  degraded: { text: 'Degraded', tone: 'warn' },
  updating: { text: 'Updating', tone: 'busy' },
  disconnected: { text: 'Disconnected', tone: 'off' },
  lost: { text: 'Lost', tone: 'bad' },
};

export const ADMISSION_WORDS: Readonly<Record<DeviceView['state'], Word>> = {
  preauthorized: { text: 'Preauthorized', tone: 'off' },
  pending: { text: 'Pending', tone: 'warn' },
  accepted: { text: 'Accepted', tone: 'good' },
  rejected: { text: 'Rejected', tone: 'bad' },
  decommissioned: { text: 'Decommissioned', tone: 'off' },
};

export const CONDITION_WORDS: Readonly<Record<Condition, Word>> = {
  online: { text: 'Online', tone: 'good' },
  offline: { text: 'Offline', tone: 'bad' },
  stalled: { text: 'Stalled', tone: 'bad' },
  frozen: { text: 'Frozen', tone: 'warn' },
  covered: { text: 'Covered', tone: 'warn' },
  disabled: { text: 'Disabled', tone: 'off' },
};

/** A camera nothing was heard of. */
export const UNKNOWN_CONDITION: Word = { text: 'Unknown', tone: 'off' };

export const DEPLOYMENT_WORDS: Readonly<Record<Deployment, Word>> = {
  pending: { text: 'Pending', tone: 'busy' },
  queued: { text: 'Queued', tone: 'busy' },
  downloading: { text: 'Downloading', tone: 'busy' },
  downloaded: { text: 'Downloaded', tone: 'busy' },
  verifying: { text: 'Verifying', tone: 'busy' },
  installing: { text: 'Installing', tone: 'busy' },
  testing: { text: 'Testing', tone: 'busy' },
  waiting_for_window: { text: 'Waiting for window', tone: 'busy' },
  waiting_for_confirmation: { text: 'Waiting for confirmation', tone: 'busy' },
  waiting_for_quiet: { text: 'Waiting for quiet', tone: 'busy' },
  paused: { text: 'Paused', tone: 'busy' },
  success: { text: 'Success', tone: 'good' },
  already_installed: { text: 'Already installed', tone: 'good' },
  kept: { text: 'Kept on disk', tone: 'good' },
  failure: { text: 'Failed', tone: 'bad' },
  rolled_back: { text: 'Rolled back', tone: 'bad' },
  rejected: { text: 'Rejected', tone: 'bad' },
  timed_out: { text: 'Timed out', tone: 'bad' },
  noartifact: { text: 'No artifact', tone: 'bad' },
  aborted: { text: 'Aborted', tone: 'off' },
  decommissioned: { text: 'Decommissioned', tone: 'off' },
};

/** Worth showing in a list: under way, or ended in a way a person should know of. */
export function isNoteworthy(state: Deployment): boolean {
  const { tone } = DEPLOYMENT_WORDS[state];
  return tone === 'busy' || tone === 'bad';
}

export function conditionWord(camera: CameraView): Word {
  return camera.status ? CONDITION_WORDS[camera.status.condition] : UNKNOWN_CONDITION;
}

const LEVEL_WORDS: Readonly<Record<Slowdown['level'], string>> = {
  reduced: 'Looks at three frames of five',
  keyframes: 'Looks at keyframes only',
  one_camera: 'Looks at one camera at a time',
};
const CAUSE_WORDS: Readonly<Record<Slowdown['why'][number], string>> = {
  heat: 'the box is hot',
  throttled: 'the box slows itself down',
  pressure: 'the processor is overloaded',
  queue: 'frames wait for the model',
};

/** What a person should know of a camera that is looked at less often than it is set to. */
export const slowdownWords = ({ level, why }: Slowdown): string =>
  `${LEVEL_WORDS[level]}: ${why.map((cause) => CAUSE_WORDS[cause]).join(', ')}`;
