import type { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import { judgeGates } from '../../fleet-server/src/gates/judge-gates.ts';
import { planRollout } from '../../fleet-server/src/rollouts/rollout-planner.ts';
import type { Group, Member, RolloutStep } from '../../fleet-server/src/rollouts/rollout-snapshot.ts';
import { type CanaryWorld, createCanaryWorld, MINUTE_MS, NEW_MODEL } from './canary-world.ts';

/** Minutes the fleet has been running the old model when the rollout starts. */
const BEFORE_MINUTES = 60;
/** From the order to the end of its deployment, when all goes well. */
const DEPLOY_MINUTES = 4;
/** A rollout that has decided nothing by then never will. */
const LIMIT_MINUTES = 600;

export const CANARY_POLICY: RolloutPolicy = {
  successThreshold: 0.9,
  errorThreshold: 0.1,
  minExecuted: 10,
  failureTypes: ['failure', 'rolled_back', 'timed_out'],
  soakSeconds: 1800,
  rate: { base: 10, increment: 1, max: 10 },
  maxParallelDownloads: 100,
  timeoutMinutes: 20_160,
  stepTimeoutMinutes: 120,
  retries: 1,
  onError: 'rollback',
  type: 'forced',
  targetSelection: 'snapshot',
  gates: [
    { gate: 'installed' },
    { gate: 'error_rate' },
    { gate: 'latency_ratio' },
    { gate: 'fps' },
    { gate: 'temperature' },
  ],
};

export interface CanaryRunOptions {
  readonly seed: number;
  readonly canaries: number;
  readonly controls: number;
  readonly fps: number;
  readonly oldErrors01: number;
  readonly newErrors01: number;
  readonly policy: RolloutPolicy;
}

export interface CanaryOutcome {
  readonly isRolledBack: boolean;
  /** From the beginning of the soak to the verdict. */
  readonly soakedMinutes: number;
  readonly why: string;
}

/** A rollout as the planner drives it: what the steps say is done, and a minute passes. */
interface Run {
  readonly world: CanaryWorld;
  readonly policy: RolloutPolicy;
  readonly members: Map<string, Member>;
  groups: Group[];
  startedAtMs: number;
}

/** One rollout to a canary group, minute by minute, until it goes on to everybody or turns back. */
export function runCanary(options: CanaryRunOptions): CanaryOutcome {
  const run = createRun(options);
  let nowMs = 0;
  const passMinute = (): void => {
    nowMs += MINUTE_MS;
    run.world.pass(nowMs);
  };
  for (let minute = 0; minute < BEFORE_MINUTES; minute += 1) passMinute();
  run.startedAtMs = nowMs;
  for (let minute = 0; minute < LIMIT_MINUTES; minute += 1) {
    moveDevices(run, nowMs);
    const outcome = moveRollout(run, nowMs);
    if (outcome !== undefined) return outcome;
    passMinute();
  }
  return { isRolledBack: false, soakedMinutes: LIMIT_MINUTES, why: 'undecided' };
}

function createRun({ policy, ...options }: CanaryRunOptions): Run {
  const world = createCanaryWorld(options);
  const members = world.deviceIds.map((deviceId, index): [string, Member] => [
    deviceId,
    {
      deviceId,
      group: index < options.canaries ? 0 : 1,
      isConnected: true,
      isGone: false,
      state: 'pending',
      attempts: 0,
      mayRetry: false,
      isExcused: false,
      hasPrevious: true,
    },
  ]);
  const groups: Group[] = [
    { index: 0, state: 'scheduled' },
    { index: 1, state: 'scheduled' },
  ];
  return { world, policy, members: new Map(members), groups, startedAtMs: 0 };
}

/** A device switches models a minute before its deployment is a success. */
function moveDevices({ members, world }: Run, nowMs: number): void {
  for (const [deviceId, member] of members) {
    if (member.orderedAtMs === undefined || member.state === 'success') continue;
    const minutes = (nowMs - member.orderedAtMs) / MINUTE_MS;
    if (minutes === DEPLOY_MINUTES - 1) world.switchModel(deviceId);
    const state = minutes >= DEPLOY_MINUTES ? 'success' : 'downloading';
    members.set(deviceId, { ...member, state, changedAtMs: nowMs });
  }
}

/** Plans until there is nothing to do. */
function moveRollout(run: Run, nowMs: number): CanaryOutcome | undefined {
  for (;;) {
    const verdicts = judge(run, nowMs);
    const { steps } = planRollout(
      {
        state: 'running',
        policy: run.policy,
        startedAtMs: run.startedAtMs,
        groups: run.groups,
        members: [...run.members.values()],
        verdicts,
        otherInWork: new Map(),
      },
      nowMs,
    );
    if (steps.length === 0) return undefined;
    for (const step of steps) {
      const outcome = perform(run, step, nowMs);
      if (outcome !== undefined) return outcome;
    }
  }
}

function perform(run: Run, step: RolloutStep, nowMs: number): CanaryOutcome | undefined {
  if (step.kind === 'order') {
    const member = run.members.get(step.deviceId);
    if (member !== undefined)
      run.members.set(step.deviceId, {
        ...member,
        state: 'queued',
        attempts: step.attempt,
        orderedAtMs: nowMs,
      });
    return undefined;
  }
  if (step.kind !== 'group') throw new Error(`a step nobody expects here: ${JSON.stringify(step)}`);
  const soaking = run.groups.find(({ state }) => state === 'soaking');
  const soakedMinutes = (nowMs - (soaking?.soakingSinceMs ?? nowMs)) / MINUTE_MS;
  if (step.to === 'error') return { isRolledBack: true, soakedMinutes, why: step.why };
  if (step.to === 'finished') return { isRolledBack: false, soakedMinutes, why: step.why };
  run.groups = run.groups.map((group) =>
    group.index === step.index
      ? { index: group.index, state: step.to, ...(step.to === 'soaking' && { soakingSinceMs: nowMs }) }
      : group,
  );
  return undefined;
}

function judge({ world, policy, members, groups }: Run, nowMs: number) {
  const soaking = groups.find(({ state }) => state === 'soaking');
  if (soaking?.soakingSinceMs === undefined) return [];
  const evidenceOf = ({ deviceId }: Member) => ({ deviceId, windows: world.windowsOf(deviceId) });
  const all = [...members.values()];
  return judgeGates(policy.gates, {
    nowMs,
    bundleDigest: NEW_MODEL,
    soakEndsAtMs: soaking.soakingSinceMs + policy.soakSeconds * 1000,
    bucketMs: MINUTE_MS,
    executed: all
      .filter(({ group, state }) => group === soaking.index && state === 'success')
      .map((member) => ({
        ...evidenceOf(member),
        state: member.state,
        orderedAtMs: member.orderedAtMs ?? nowMs,
        findings: [],
      })),
    control: all.filter(({ attempts }) => attempts === 0).map(evidenceOf),
  });
}
