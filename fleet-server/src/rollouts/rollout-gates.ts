import { type FailureType, gatesInForce } from '@watchpost/shared/rollout/policy.ts';
import type { GateKeeper, GateQuestion, GateVerdict } from '../gates/port.ts';
import type { RolloutGroupRecord } from '../store/port.ts';
import { type LiveRollout, stateOf } from './live-rollout.ts';
import { BROUGHT } from './rollout-tally.ts';

/** Windows come once a minute: asking more often finds nothing new. */
const ASK_EVERY_MS = 15_000;

/** What the gates said last of each soaking group. */
export interface RolloutGates {
  /** Of the soaking group of the rollout; none until they were asked. */
  verdicts(rolloutId: string): readonly GateVerdict[];
  /**
   * Asks those whose time has come.
   * @returns whether anything was asked
   * @throws AppError STORE_FAILED
   */
  ask(rollouts: Iterable<LiveRollout>): Promise<boolean>;
  /** Whether a group soaks that has gates. */
  isAsking(): boolean;
}

interface Asked {
  /** Of the group and its soak. */
  readonly key: string;
  readonly atMs: number;
  readonly verdicts: readonly GateVerdict[];
}

export function createRolloutGates(deps: {
  readonly keeper: Pick<GateKeeper, 'judge'>;
  readonly nowMs: () => number;
}): RolloutGates {
  const asked = new Map<string, Asked>();
  const askOne = async (live: LiveRollout): Promise<boolean> => {
    const { id, policy, state } = live.rollout;
    const group = live.groups.find((it) => it.state === 'soaking');
    if (group?.soakingSinceMs === undefined || gatesInForce(policy).length === 0 || state !== 'running') {
      asked.delete(id);
      return false;
    }
    const key = `${group.index} ${group.soakingSinceMs}`;
    const before = asked.get(id);
    const nowMs = deps.nowMs();
    if (before?.key === key && nowMs - before.atMs < ASK_EVERY_MS) return false;
    const question = makeQuestion(live, group, group.soakingSinceMs);
    asked.set(id, { key, atMs: nowMs, verdicts: await deps.keeper.judge(question, nowMs) });
    return true;
  };
  return {
    verdicts: (id) => asked.get(id)?.verdicts ?? [],
    isAsking: () => asked.size > 0,
    ask: async (rollouts) => {
      let isNew = false;
      for (const live of rollouts) isNew = (await askOne(live)) || isNew;
      return isNew;
    },
  };
}

function makeQuestion(
  { rollout, members }: LiveRollout,
  group: RolloutGroupRecord,
  soakingSinceMs: number,
): GateQuestion {
  const everybody = [...members.values()];
  return {
    bundleDigest: rollout.bundleDigest,
    gates: gatesInForce(rollout.policy),
    soakingSinceMs,
    soakSeconds: rollout.policy.soakSeconds,
    executed: everybody.flatMap((member) => {
      const { deviceId, deploymentId, orderedAtMs, isExcused } = member;
      const state = stateOf(member);
      const isFailure = rollout.policy.failureTypes.includes(state as FailureType);
      // An excused failure would fail the gate again after each resume.
      const isCounted = BROUGHT.includes(state) || (isFailure && !isExcused);
      const isMeant = member.group === group.index && isCounted;
      if (!isMeant || deploymentId === undefined || orderedAtMs === undefined) return [];
      return [{ deviceId, deploymentId, state, orderedAtMs }];
    }),
    control: everybody
      .filter((member) => member.group > group.index && member.deploymentId === undefined)
      .map(({ deviceId }) => deviceId),
  };
}
