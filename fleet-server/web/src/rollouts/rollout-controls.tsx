import { Button, Group, Modal, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { ApiError } from '../api/client.ts';
import { useServices } from '../services.ts';
import { ErrorNotice } from '../shell/error-notice.tsx';
import {
  actionsFor,
  describeEffect,
  findObstacle,
  type RolloutAction,
  type Viewer,
} from './rollout-actions.ts';
import classes from './rollout-controls.module.css';
import { actOnRollout, type RolloutView } from './rollouts-api.ts';

interface RolloutControlsProps {
  readonly rollout: RolloutView;
  readonly viewer: Viewer;
  readonly onDone: () => void;
}

/** What the person may do to the rollout as it stands; each is asked for again before it is done. */
export function RolloutControls({ rollout, viewer, onDone }: RolloutControlsProps) {
  const [asked, setAsked] = useState<RolloutAction>();
  const actions = actionsFor(rollout.state);
  if (actions.length === 0) return null;
  if (!viewer.mayOperate)
    return <span className={classes.note}>You may look; to steer needs the role operator.</span>;
  const obstacles = actions.flatMap((action) => findObstacle(action, rollout, viewer.user) ?? []);
  return (
    <div className={classes.actions}>
      {actions.map((action) => (
        <ActionButton
          key={action.name}
          action={action}
          isHindered={findObstacle(action, rollout, viewer.user) !== undefined}
          onPress={() => setAsked(action)}
        />
      ))}
      {obstacles.map((obstacle) => (
        <span key={obstacle} className={classes.note}>
          {obstacle}
        </span>
      ))}
      {asked && (
        <Confirmation
          key={asked.name}
          action={asked}
          rollout={rollout}
          onClose={() => setAsked(undefined)}
          onDone={() => {
            setAsked(undefined);
            onDone();
          }}
        />
      )}
    </div>
  );
}

interface ActionButtonProps {
  readonly action: RolloutAction;
  readonly isHindered: boolean;
  readonly onPress: () => void;
}

function ActionButton({ action: { label, isGrave }, isHindered, onPress }: ActionButtonProps) {
  return (
    <Button size="compact-sm" variant={isGrave ? 'default' : 'light'} disabled={isHindered} onClick={onPress}>
      {label}
    </Button>
  );
}

interface ConfirmationProps {
  readonly action: RolloutAction;
  readonly rollout: RolloutView;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function Confirmation({ action, rollout, onClose, onDone }: ConfirmationProps) {
  const { api } = useServices();
  const [note, setNote] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const perform = async (): Promise<void> => {
    setBusy(true);
    try {
      await actOnRollout(api, rollout.id, action.name, note.trim());
      onDone();
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={`${action.label}: ${rollout.name}?`} centered>
      <Text size="sm">{describeEffect(action, rollout.policy)}</Text>
      <Textarea
        mt="sm"
        label="Why"
        description="Kept in the journal; may be left out"
        maxLength={500}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      {error && <ErrorNotice error={error} />}
      <Group mt="md" justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button {...(action.isGrave && { color: 'red' })} loading={isBusy} onClick={() => void perform()}>
          {action.label}
        </Button>
      </Group>
    </Modal>
  );
}
