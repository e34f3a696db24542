import type { RolloutView } from './rollouts-api.ts';

type State = RolloutView['state'];

/** Who looks at the page, and whether they may steer. */
export interface Viewer {
  readonly user: string;
  readonly mayOperate: boolean;
}

/** What a person may do to a rollout. */
export interface RolloutAction {
  /** As the API names it. */
  readonly name: string;
  readonly label: string;
  /** What it does, to ask whether it is meant. */
  readonly effect: string;
  /** The same, for the types of rollouts with which it does something else. */
  readonly effectByType?: Partial<Record<RolloutView['policy']['type'], string>>;
  readonly isGrave?: boolean;
  readonly states: readonly State[];
}

export const ROLLOUT_ACTIONS: readonly RolloutAction[] = [
  {
    name: 'approve',
    label: 'Approve',
    effect: 'The rollout may start.',
    states: ['waiting_for_approval'],
  },
  {
    name: 'deny',
    label: 'Deny',
    effect: 'The rollout does not start.',
    isGrave: true,
    states: ['waiting_for_approval'],
  },
  {
    name: 'start',
    label: 'Start',
    effect: 'The first group is ordered to install the model.',
    states: ['ready', 'scheduled'],
  },
  {
    name: 'resume',
    label: 'Resume',
    effect: 'It goes on where it was; its failures so far count no more.',
    states: ['paused'],
  },
  {
    name: 'pause',
    label: 'Pause',
    effect: 'Nobody is ordered until it is resumed; devices in work go on.',
    states: ['running'],
  },
  {
    name: 'retry',
    label: 'Retry failed',
    effect: 'Devices that failed, were rejected or not reached are tried again.',
    states: ['running', 'paused'],
  },
  {
    name: 'skip-group',
    label: 'Skip group',
    effect: 'The next group begins without waiting for this one; failures so far count no more.',
    isGrave: true,
    states: ['running', 'paused'],
  },
  {
    name: 'stop',
    label: 'Stop',
    effect: 'Nobody is ordered any more, for good. Devices keep what they have.',
    effectByType: {
      soft: 'Nobody is ordered any more, for good. Devices that wait for quiet still install.',
    },
    isGrave: true,
    states: [
      'creating',
      'waiting_for_approval',
      'approval_denied',
      'ready',
      'scheduled',
      'running',
      'paused',
    ],
  },
  {
    name: 'rollback',
    label: 'Roll back',
    effect: 'Every device is taken back to the model it ran before, each to its own.',
    effectByType: {
      soft: 'Every device is taken back to the model it ran before; those that wait for quiet are called back.',
      download_only:
        'Nothing of it runs, so no device is sent back; what is kept gives way to the next bundle.',
    },
    isGrave: true,
    states: ['running', 'paused', 'stopping', 'stopped', 'finished'],
  },
];

export const actionsFor = (state: State): readonly RolloutAction[] =>
  ROLLOUT_ACTIONS.filter(({ states }) => states.includes(state));

/** What an action does to a rollout of this policy. */
export const describeEffect = (
  { effect, effectByType }: RolloutAction,
  { type }: Pick<RolloutView['policy'], 'type'>,
): string => effectByType?.[type] ?? effect;

/** Why this person may not do it though the state allows it; undefined if they may. */
export function findObstacle(
  action: Pick<RolloutAction, 'name'>,
  { createdBy }: Pick<RolloutView, 'createdBy'>,
  user: string,
): string | undefined {
  const isOwn = action.name === 'approve' && createdBy === user;
  return isOwn ? 'Somebody else than who made it has to approve it.' : undefined;
}
