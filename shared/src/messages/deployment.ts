import Type, { type Static } from 'typebox';
import { Sha256, UnixMs } from '../kernel/ids.ts';
import { DeploymentState } from '../lifecycle/deployment.ts';
import { durableFields } from './durable.ts';

const deploymentFields = {
  deploymentId: Type.String({ minLength: 1, maxLength: 64 }),
  tsMs: UnixMs,
  state: DeploymentState,
  bundleDigest: Sha256,
  /** Error code, for states that need a reason. */
  reason: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
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
