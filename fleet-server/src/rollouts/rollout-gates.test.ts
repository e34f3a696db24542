import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { GateQuestion } from '../gates/port.ts';
import type { RolloutMember } from '../store/port.ts';
import type { LiveRollout } from './live-rollout.ts';
import { createRolloutGates } from './rollout-gates.ts';
import { POLICY } from './rollout-samples.ts';

const memberOf = (deviceId: string, change: Partial<RolloutMember> = {}): RolloutMember => ({
  ...{ deviceId, group: 0, position: 0, attempts: 0, isRetried: false, isExcused: false, restoreAttempts: 0 },
  ...change,
});
const inState = (
  deviceId: string,
  state: DeploymentState,
  change: Partial<RolloutMember> = {},
): RolloutMember =>
  memberOf(deviceId, {
    ...{ attempts: 1, deploymentId: `to ${deviceId}`, orderedAtMs: 1, progress: { state, updatedAtMs: 2 } },
    ...change,
  });

function soaking(members: readonly RolloutMember[]): LiveRollout {
  const policy = { ...POLICY, gates: [{ gate: 'installed' as const }] };
  return {
    rollout: {
      ...{ id: 'r', name: 'spring', bundleDigest: 'new', model: 'pets', version: '2', policy },
      ...{ groupPlan: { canary: [50, 100] }, seed: 's', priority: 5, requiresApproval: false, why: '' },
      ...{ startsItself: false, state: 'running', createdBy: 'ana', createdAtMs: 1, revision: 1 },
    },
    groups: [
      { index: 0, name: 'a', state: 'soaking', soakingSinceMs: 10 },
      { index: 1, name: 'b', state: 'scheduled' },
    ],
    members: new Map(members.map((member) => [member.deviceId, member])),
  };
}

async function questionOf(members: readonly RolloutMember[]): Promise<GateQuestion | undefined> {
  const asked: GateQuestion[] = [];
  const gates = createRolloutGates({
    keeper: {
      judge: async (question) => {
        asked.push(question);
        return [];
      },
    },
    nowMs: () => 20,
  });
  await gates.ask([soaking(members)]);
  return asked[0];
}

test('a gate is asked about those of the group that took the bundle, or failed by the policy', async () => {
  const question = await questionOf([
    inState('took-it', 'success'),
    inState('had-it', 'already_installed'),
    inState('failed', 'failure'),
    inState('at-work', 'testing'),
    inState('found-nothing', 'noartifact'),
    inState('refused', 'rejected'),
    memberOf('waits'),
    memberOf('later', { group: 1 }),
  ]);
  assert.deepEqual(
    question?.executed.map(({ deviceId }) => deviceId),
    ['took-it', 'had-it', 'failed'],
  );
  assert.deepEqual(question?.control, ['later']);
});

test('a failure that a person excused is no failure to a gate; who succeeded after all is asked about', async () => {
  const question = await questionOf([
    inState('took-it', 'success'),
    inState('failed', 'failure', { isExcused: true }),
    inState('late', 'success', { isExcused: true }),
  ]);
  assert.deepEqual(
    question?.executed.map(({ deviceId }) => deviceId),
    ['took-it', 'late'],
  );
});
