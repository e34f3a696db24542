import type { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import type {
  BundleRecord,
  RolloutMemberRecord,
  RolloutRecord,
  RolloutWhole,
} from '../../fleet-server/src/store/port.ts';

/** Rollouts, complete and valid; a test names only what it is about. */
export const POLICY: RolloutPolicy = {
  successThreshold: 0.9,
  errorThreshold: 0.1,
  minExecuted: 1,
  failureTypes: ['failure', 'rolled_back', 'timed_out'],
  soakSeconds: 0,
  rate: { base: 100_000, increment: 1, max: 100_000 },
  maxParallelDownloads: 100_000,
  timeoutMinutes: 60,
  stepTimeoutMinutes: 10,
  retries: 0,
  onError: 'pause',
  type: 'forced',
  targetSelection: 'snapshot',
  gates: [],
};

export const rolloutMember = (
  deviceId: string,
  position: number,
  change: Partial<RolloutMemberRecord> = {},
): RolloutMemberRecord => ({
  deviceId,
  group: 0,
  position,
  attempts: 0,
  isRetried: false,
  isExcused: false,
  restoreAttempts: 0,
  ...change,
});

export function rolloutWhole(
  id: string,
  { digest, manifest: { model, version } }: BundleRecord,
  given: {
    readonly rollout?: Partial<RolloutRecord>;
    readonly groups?: RolloutWhole['groups'];
    readonly members?: readonly RolloutMemberRecord[];
  } = {},
): RolloutWhole {
  return {
    rollout: {
      id,
      name: `rollout ${id}`,
      bundleDigest: digest,
      model,
      version,
      policy: POLICY,
      groupPlan: { canary: [100] },
      seed: 'seed',
      priority: 100,
      requiresApproval: false,
      startsItself: false,
      state: 'running',
      why: 'a test',
      createdBy: 'ana',
      createdAtMs: 1_000,
      startedAtMs: 1_000,
      revision: 1,
      ...given.rollout,
    },
    groups: given.groups ?? [{ index: 0, name: 'all', state: 'scheduled' }],
    members: given.members ?? [],
  };
}
