import { RolloutView } from '@watchpost/shared/api/rollouts.ts';
import { serverError } from '../kernel/errors.ts';
import type { Command, CommandInput } from './command.ts';
import { findRollout, rolloutPath } from './rollout-names.ts';
import { formatRollout } from './rollout-text.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

/** What a person does to a rollout; each is a word of the API. */
const ACTIONS = {
  approve: 'Approves a rollout that somebody else made.',
  deny: 'Denies a rollout that waits for approval.',
  start: 'Starts a rollout that is ready, or at once one that waits for its time.',
  pause: 'Gives no more orders; devices in work go on to their end.',
  resume: 'Lets a paused rollout go on; its failures so far count for nothing any more.',
  stop: `Orders nobody any more; devices in work come to their end, also those that wait for quiet, and every device keeps what
it has.`,
  rollback: `Takes every device of a rollout back to its own bundle before, each to the one it had; those that wait for quiet are
called back. Of a download-only rollout nothing ran: no device is sent back.`,
  'skip-group':
    'Begins the next group without waiting for the one whose turn it is; failures so far count for nothing any more.',
} as const;
type ActionName = keyof typeof ACTIONS;

const NOTE = { note: { value: 'TEXT', description: 'why; kept in the journal and the audit log' } } as const;

const createAction = (name: ActionName): Command => ({
  description: `${ACTIONS[name]} Needs the role operator. A rollout is named by its id, or by its name.`,
  positionals: ['ROLLOUT'],
  options: { ...SERVER_OPTIONS, ...NOTE },
  run: (input) => act(input, name, {}),
});

export const rolloutApprove = createAction('approve');
export const rolloutDeny = createAction('deny');
export const rolloutStart = createAction('start');
export const rolloutPause = createAction('pause');
export const rolloutResume = createAction('resume');
export const rolloutStop = createAction('stop');
export const rolloutRollback = createAction('rollback');
export const rolloutSkipGroup = createAction('skip-group');

export const rolloutRetry: Command = {
  description: `Tries devices again that failed, were rejected or not reached: all of the rollout, those of a group, or those named.
Needs the role operator.`,
  positionals: ['ROLLOUT'],
  options: {
    ...SERVER_OPTIONS,
    ...NOTE,
    group: { value: 'N', description: 'only this group, counted from 1' },
    device: { value: 'ID', description: 'only this device; may be given again', multiple: true },
  },
  run: (input) => {
    const { values } = input;
    const group = values.integer('group', 0);
    const devices = values.texts('device');
    if (values.text('group') !== undefined && group === 0)
      throw serverError('USAGE', '--group is a number from 1');
    return act(input, 'retry', {
      ...(group > 0 && { group }),
      ...(devices.length > 0 && { devices }),
    });
  },
};

async function act(input: CommandInput, name: ActionName | 'retry', more: object) {
  const [text = ''] = input.positionals;
  const note = input.values.text('note');
  const json = await withServer(input, async (api) => {
    const path = `${rolloutPath(await findRollout(api, text))}/${name}`;
    return api.post(path, { ...more, ...(note !== undefined && { note }) }, RolloutView);
  });
  return { text: formatRollout(json), json };
}
