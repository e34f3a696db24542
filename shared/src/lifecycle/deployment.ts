import Type, { type Static } from 'typebox';
import type { Lifecycle } from './table.ts';

/**
 * One device x one bundle. `testing` covers self-test, shadow and probation. `waiting_for_quiet`: a soft order waits until
 * nothing is seen on any camera. `kept`: the good end of a download-only order, whose bundle lies on the disk and does not run.
 */
export const DEPLOYMENT_STATES = [
  'pending',
  'queued',
  'downloading',
  'downloaded',
  'verifying',
  'installing',
  'testing',
  'success',
  'failure',
  'rolled_back',
  'rejected',
  'timed_out',
  'aborted',
  'noartifact',
  'already_installed',
  'kept',
  'decommissioned',
  'waiting_for_window',
  'waiting_for_confirmation',
  'waiting_for_quiet',
  'paused',
] as const;

export const DeploymentState = Type.Enum(DEPLOYMENT_STATES);
export type DeploymentState = Static<typeof DeploymentState>;

const WAITING = ['waiting_for_window', 'waiting_for_confirmation', 'paused'] as const;
/** Ends every step may come to: withdrawn by the server, out of time, or the device is gone. */
const CUT_SHORT = ['aborted', 'timed_out', 'decommissioned'] as const;

export const DEPLOYMENT_LIFECYCLE: Lifecycle<DeploymentState> = {
  pending: ['queued', 'rejected', 'noartifact', 'already_installed', ...WAITING, ...CUT_SHORT],
  queued: ['downloading', 'rejected', 'noartifact', 'already_installed', 'failure', ...WAITING, ...CUT_SHORT],
  waiting_for_window: ['queued', ...CUT_SHORT],
  waiting_for_confirmation: ['queued', 'rejected', ...CUT_SHORT],
  paused: ['queued', ...CUT_SHORT],
  downloading: ['downloaded', 'failure', 'noartifact', ...WAITING, ...CUT_SHORT],
  downloaded: ['verifying', 'failure', ...WAITING, ...CUT_SHORT],
  verifying: ['installing', 'waiting_for_quiet', 'kept', 'rejected', 'failure', ...CUT_SHORT],
  waiting_for_quiet: ['testing', 'failure', ...CUT_SHORT],
  installing: ['testing', 'failure', 'rolled_back', ...CUT_SHORT],
  testing: ['success', 'failure', 'rolled_back', ...CUT_SHORT],
  success: [],
  failure: [],
  rolled_back: [],
  rejected: [],
  timed_out: [],
  aborted: [],
  noartifact: [],
  already_installed: [],
  kept: [],
  decommissioned: [],
};
