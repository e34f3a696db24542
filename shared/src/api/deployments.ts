import Type, { type Static } from 'typebox';
import { Id, Sha256, UnixMs } from '../kernel/ids.ts';
import { DeploymentState } from '../lifecycle/deployment.ts';
import { DeploymentFindings } from '../messages/deployment-findings.ts';
import { ClockState } from '../messages/durable.ts';

const closed = { additionalProperties: false } as const;

/** One change of a deployment, as its device told it. */
export const DeploymentChangeView = Type.Object(
  {
    state: DeploymentState,
    /** Error code, for states that need a reason. */
    reason: Type.Optional(Type.String()),
    detail: Type.Optional(Type.String()),
    /** What the step that had just ended found. */
    findings: Type.Optional(DeploymentFindings),
    /** By the clock of the device. */
    tsMs: UnixMs,
    receivedAtMs: UnixMs,
    /** Sent from the backlog, later than it happened. */
    historical: Type.Boolean(),
    /** What the device knew of its clock then. */
    clockState: Type.Optional(ClockState),
  },
  closed,
);
export type DeploymentChangeView = Static<typeof DeploymentChangeView>;

/** A deployment from its order to its end. */
export const DeploymentHistory = Type.Object(
  {
    id: Type.String(),
    bundleDigest: Sha256,
    model: Id,
    version: Type.String(),
    state: DeploymentState,
    reason: Type.Optional(Type.String()),
    detail: Type.Optional(Type.String()),
    /** When it was ordered. */
    createdAtMs: UnixMs,
    /** When the device was last heard about it. */
    updatedAtMs: UnixMs,
    /** In the order in which the device made them, whatever the order in which they came. */
    changes: Type.Array(DeploymentChangeView),
  },
  closed,
);
export type DeploymentHistory = Static<typeof DeploymentHistory>;

/** GET /api/v1/devices/:id/deployments, newest first */
export const DeploymentHistoryPage = Type.Object(
  {
    deployments: Type.Array(DeploymentHistory),
    /** Pass as `before` for the next, older page. */
    next: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);
export type DeploymentHistoryPage = Static<typeof DeploymentHistoryPage>;
