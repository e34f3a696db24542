import Type, { type Static } from 'typebox';
import { Id, Sha256, UnixMs } from '../kernel/ids.ts';
import { DeploymentState } from '../lifecycle/deployment.ts';
import { GroupState, RolloutState } from '../lifecycle/rollout.ts';
import { RolloutPolicy } from '../rollout/policy.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });
const Name = Type.String({ minLength: 1, maxLength: 64, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]+$' });
const Filter = Type.String({
  minLength: 1,
  maxLength: 4096,
  description: 'site == "bcn-1" and not tag:lab; left out: every accepted device',
});
/** What a person says about a decision. */
const Note = Type.Optional(Type.String({ minLength: 1, maxLength: 500 }));

/** A group takes of what the groups before it left: so many, a share of all, or those that meet a filter. */
export const GroupSpec = Type.Object(
  {
    name: Type.Optional(Name),
    count: Type.Optional(Type.Integer({ minimum: 1 })),
    percent: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 100 })),
    filter: Type.Optional(Filter),
  },
  closed,
);
export type GroupSpec = Static<typeof GroupSpec>;

export const GroupPlan = Type.Union(
  [
    Type.Object(
      {
        canary: Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 100 }), {
          minItems: 1,
          maxItems: 32,
          description: 'percents of all devices reached after each group, rising: 1, 5, 25, 100',
        }),
      },
      closed,
    ),
    Type.Object({ list: Type.Array(GroupSpec, { minItems: 1, maxItems: 64 }) }, closed),
  ],
  { description: 'who no group takes is in a last group of its own' },
);
export type GroupPlan = Static<typeof GroupPlan>;

const targetFields = {
  bundleDigest: Type.Optional(Sha256),
  version: Type.Optional(
    Type.String({ pattern: '^[a-z0-9-]{1,64}@[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$', description: 'pets@1.2.0' }),
  ),
  filter: Type.Optional(Filter),
  groups: Type.Optional(GroupPlan),
  seed: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'the same seed draws the same groups' }),
  ),
  policy: Type.Optional(Type.Partial(RolloutPolicy, { additionalProperties: false })),
};

/** POST /api/v1/rollouts/plan: the bundle as digest or as model@version. */
export const RolloutPlanRequest = Type.Object(targetFields, closed);
export type RolloutPlanRequest = Static<typeof RolloutPlanRequest>;

/** POST /api/v1/rollouts */
export const RolloutRequest = Type.Object(
  {
    name: Name,
    ...targetFields,
    startAtMs: Type.Optional(UnixMs),
    priority: Type.Integer({
      minimum: 0,
      maximum: 1000,
      default: 100,
      description: 'of rollouts that mean the same device the highest goes first, of equals the newest',
    }),
    requiresApproval: Type.Boolean({ default: false, description: 'by somebody else than who made it' }),
    start: Type.Boolean({ default: false, description: 'as soon as it may' }),
  },
  closed,
);
export type RolloutRequest = Static<typeof RolloutRequest>;

/** POST /api/v1/rollouts/:id/{approve,deny,start,pause,resume,stop,rollback,skip-group} */
export const RolloutActionRequest = Type.Object({ note: Note }, closed);
/** POST /api/v1/rollouts/:id/retry: those that failed, were rejected or not reached; all, or of a group, or these. */
export const RolloutRetryRequest = Type.Object(
  {
    note: Note,
    group: Type.Optional(Type.Integer({ minimum: 1 })),
    devices: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 10_000 })),
  },
  closed,
);
export type RolloutRetryRequest = Static<typeof RolloutRetryRequest>;

/** Devices by how they stand. `waiting`: never ordered, or to be ordered again. */
export const RolloutCounts = Type.Object(
  {
    total: Count,
    waiting: Count,
    inWork: Count,
    succeeded: Count,
    failed: Count,
    rejected: Count,
    /** Aborted, decommissioned, and ends the policy does not count. */
    other: Count,
    /** Sent back to their own bundle. */
    restored: Count,
  },
  closed,
);
export type RolloutCounts = Static<typeof RolloutCounts>;

export const RolloutHold = Type.Object({ reason: Type.String(), devices: Count }, closed);

export const RolloutGroupView = Type.Object(
  {
    number: Type.Integer({ minimum: 1 }),
    name: Type.String(),
    state: GroupState,
    soakingSinceMs: Type.Optional(UnixMs),
    counts: RolloutCounts,
  },
  closed,
);
export type RolloutGroupView = Static<typeof RolloutGroupView>;

const summaryFields = {
  id: Type.String(),
  name: Type.String(),
  state: RolloutState,
  /** Why it is in this state. */
  why: Type.String(),
  bundleDigest: Sha256,
  model: Id,
  version: Type.String(),
  filter: Type.Optional(Type.String()),
  priority: Type.Integer(),
  requiresApproval: Type.Boolean(),
  createdBy: Type.String(),
  createdAtMs: UnixMs,
  startAtMs: Type.Optional(UnixMs),
  startedAtMs: Type.Optional(UnixMs),
  endedAtMs: Type.Optional(UnixMs),
};

export const RolloutSummary = Type.Object(
  { ...summaryFields, counts: RolloutCounts, groups: Count, group: Type.Optional(Count) },
  closed,
);
/** A line of the list; `group` is the number of the one whose turn it is. */
export type RolloutSummary = Static<typeof RolloutSummary>;

/** GET /api/v1/rollouts, newest first */
export const RolloutList = Type.Object(
  { rollouts: Type.Array(RolloutSummary), next: Type.Optional(Type.Integer({ minimum: 1 })) },
  closed,
);
export type RolloutList = Static<typeof RolloutList>;

export const RolloutVerdict = Type.Object(
  { gate: Type.String(), verdict: Type.Enum(['pass', 'fail', 'open']), why: Type.String() },
  closed,
);

/** GET /api/v1/rollouts/:id */
export const RolloutView = Type.Object(
  {
    ...summaryFields,
    policy: RolloutPolicy,
    seed: Type.String(),
    counts: RolloutCounts,
    groups: Type.Array(RolloutGroupView),
    /** What the waiting devices wait for; none while this server does not lead the rollout. */
    held: Type.Array(RolloutHold),
    /** Of the soaking group. */
    gates: Type.Array(RolloutVerdict),
  },
  closed,
);
export type RolloutView = Static<typeof RolloutView>;

export const RolloutMemberView = Type.Object(
  {
    deviceId: Id,
    group: Type.Integer({ minimum: 1 }),
    state: DeploymentState,
    attempts: Count,
    deploymentId: Type.Optional(Type.String()),
    orderedAtMs: Type.Optional(UnixMs),
    changedAtMs: Type.Optional(UnixMs),
    reason: Type.Optional(Type.String()),
    detail: Type.Optional(Type.String()),
    isExcused: Type.Boolean(),
    previousDigest: Type.Optional(Sha256),
    restore: Type.Optional(
      Type.Object(
        {
          deploymentId: Type.Optional(Type.String()),
          state: DeploymentState,
          reason: Type.Optional(Type.String()),
          detail: Type.Optional(Type.String()),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type RolloutMemberView = Static<typeof RolloutMemberView>;

/** GET /api/v1/rollouts/:id/members, in the order in which they are taken */
export const RolloutMemberPage = Type.Object(
  { members: Type.Array(RolloutMemberView), next: Type.Optional(Count) },
  closed,
);
export type RolloutMemberPage = Static<typeof RolloutMemberPage>;

/** One transition, and why. */
export const RolloutJournalEntry = Type.Object(
  {
    seq: Type.Integer({ minimum: 1 }),
    atMs: UnixMs,
    /** A user, or `planner`. */
    actor: Type.String(),
    subject: Type.Enum(['rollout', 'group', 'device']),
    /** Of a group. */
    group: Type.Optional(Type.Integer({ minimum: 1 })),
    deviceId: Type.Optional(Id),
    to: Type.String(),
    why: Type.String(),
  },
  closed,
);
export type RolloutJournalEntry = Static<typeof RolloutJournalEntry>;

/** GET /api/v1/rollouts/:id/journal, oldest first; pass `next` as `after`. */
export const RolloutJournalPage = Type.Object(
  { entries: Type.Array(RolloutJournalEntry), next: Type.Optional(Count) },
  closed,
);
export type RolloutJournalPage = Static<typeof RolloutJournalPage>;

/** What a rollout would do; nothing is stored. */
export const RolloutPreview = Type.Object(
  {
    bundleDigest: Sha256,
    model: Id,
    version: Type.String(),
    policy: RolloutPolicy,
    seed: Type.String(),
    total: Count,
    connected: Count,
    /** Cannot take the bundle, by the reason; they are rejected, and are no failures. */
    unfit: Type.Array(
      Type.Object({ code: Type.String(), detail: Type.String(), devices: Count, example: Id }, closed),
    ),
    groups: Type.Array(
      Type.Object(
        {
          number: Type.Integer({ minimum: 1 }),
          name: Type.String(),
          devices: Count,
          connected: Count,
          bySite: Type.Array(Type.Object({ site: Type.Optional(Type.String()), devices: Count }, closed)),
          /** The first of them. */
          examples: Type.Array(Id),
        },
        closed,
      ),
    ),
    /** Rollouts under way that mean some of the same devices. */
    overlaps: Type.Array(
      Type.Object(
        { id: Type.String(), name: Type.String(), priority: Type.Integer(), devices: Count },
        closed,
      ),
    ),
  },
  closed,
);
export type RolloutPreview = Static<typeof RolloutPreview>;

/** GET /api/v1/rollouts/:id/explain: why it does not go on, the most telling first. */
export const RolloutExplanation = Type.Object(
  { id: Type.String(), name: Type.String(), state: RolloutState, lines: Type.Array(Type.String()) },
  closed,
);
export type RolloutExplanation = Static<typeof RolloutExplanation>;
