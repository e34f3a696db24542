import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RolloutMember, RolloutRecord } from '../store/port.ts';
import type { LiveRollout } from './live-rollout.ts';
import { readOutlasted } from './outlasted-devices.ts';
import { POLICY } from './rollout-samples.ts';

const memberOf = (deviceId: string, change: Partial<RolloutMember> = {}): RolloutMember => ({
  ...{ deviceId, group: 0, position: 0, attempts: 0, isRetried: false, isExcused: false, restoreAttempts: 0 },
  ...change,
});

const record = (id: string, change: Partial<RolloutRecord>): RolloutRecord => ({
  ...{ id, name: id, bundleDigest: 'd', model: 'pets', version: '2', policy: POLICY, seed: 's' },
  ...{ groupPlan: { canary: [100] }, priority: 5, requiresApproval: false, why: '', startsItself: false },
  ...{ state: 'running', createdBy: 'ana', createdAtMs: 10, revision: 1 },
  ...change,
});

const live = (
  id: string,
  members: readonly RolloutMember[],
  change: Partial<RolloutRecord> = {},
): LiveRollout => ({
  rollout: record(id, change),
  groups: [],
  members: new Map(members.map((member) => [member.deviceId, member])),
});

const finished = (id: string, priority: number): RolloutRecord =>
  record(id, { priority, state: 'finished', endedAtMs: 30, createdAtMs: 20 });

/** @param brought devices by finished rollout */
function storeOf(all: readonly RolloutRecord[], brought: Readonly<Record<string, readonly string[]>>) {
  const asked: (readonly [string, ...unknown[]])[] = [];
  return {
    asked,
    finishedSince: async (sinceMs: number) => {
      asked.push(['since', sinceMs]);
      return all;
    },
    whoStands: async (id: string, deviceIds: readonly string[]) => {
      asked.push([id, ...deviceIds]);
      return deviceIds.filter((deviceId) => brought[id]?.includes(deviceId));
    },
  };
}

const SUCCESS: Partial<RolloutMember> = { attempts: 1, progress: { state: 'success', updatedAtMs: 1 } };
const FAILURE: Partial<RolloutMember> = { attempts: 1, progress: { state: 'failure', updatedAtMs: 1 } };
const ENDED: Partial<RolloutMember> = { end: { state: 'aborted', reason: '', detail: '' } };

test('finished rollouts are asked, from the one that goes first, about devices that may still be ordered', async () => {
  const store = storeOf([finished('low', 1), finished('high', 9), finished('same', 5)], {
    high: ['a'],
    same: ['a', 'b'],
  });
  const members = [
    ...[memberOf('a'), memberOf('b', FAILURE), memberOf('c')],
    ...[memberOf('d', SUCCESS), memberOf('e', ENDED)],
  ];
  const outlasted = await readOutlasted(store, [live('own', members)]);
  assert.deepEqual(
    [...(outlasted.get('own') ?? [])],
    [
      ['a', 'high'],
      ['b', 'same'],
    ],
  );
  assert.deepEqual(store.asked, [
    ['since', 10],
    ['high', 'a', 'b', 'c'],
    ['same', 'b', 'c'],
  ]);
});

test('nobody is asked about what is known by then, nor where nobody is ordered', async () => {
  const store = storeOf([finished('high', 9), finished('same', 5)], { high: ['a'] });
  await readOutlasted(store, [live('own', [memberOf('a')], { state: 'scheduled' })]);
  assert.deepEqual(store.asked, [
    ['since', 10],
    ['high', 'a'],
  ]);
  const still = storeOf([finished('high', 9)], {});
  for (const state of ['paused', 'stopping', 'rolling_back'] as const) {
    assert.equal((await readOutlasted(still, [live('own', [memberOf('a')], { state })])).size, 0);
  }
  assert.deepEqual(still.asked, []);
});
