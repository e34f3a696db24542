import Type, { type Static } from 'typebox';
import { Sha256, UnixMs } from '../kernel/ids.ts';
import { DeploymentState } from '../lifecycle/deployment.ts';
import { DeploymentFindings } from './deployment-findings.ts';
import { durableFields } from './durable.ts';

const deploymentFields = {
  deploymentId: Type.String({ minLength: 1, maxLength: 64 }),
  tsMs: UnixMs,
  state: DeploymentState,
  bundleDigest: Sha256,
  /** Error code, for states that need a reason. */
  reason: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
  /** What the step that has just ended found; the state may then be told again. */
  findings: Type.Optional(DeploymentFindings),
};

/** One state change of a deployment, as the update room reports it. */
export const DeploymentBody = Type.Object(deploymentFields, { additionalProperties: false });
export type DeploymentBody = Static<typeof DeploymentBody>;

/** Device -> fleet, durable. */
export const DeploymentChange = Type.Object(
  { ...deploymentFields, ...durableFields },
  { additionalProperties: false },
);
export type DeploymentChange = Static<typeof DeploymentChange>;
