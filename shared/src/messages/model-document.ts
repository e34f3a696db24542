import Type, { type Static } from 'typebox';
import { UnixMs } from '../kernel/ids.ts';
import { DeploymentState } from '../lifecycle/deployment.ts';
import { ActiveBundle } from './birth.ts';

/** Server -> device, retained on desired/model: the signed order, a compact JWS (see trust/order.ts). */
export const DesiredModel = Type.Object(
  { order: Type.String({ minLength: 16, maxLength: 8192 }) },
  { additionalProperties: false },
);
export type DesiredModel = Static<typeof DesiredModel>;

/** Device -> server, retained on reported/model: what runs, and how far the last order came. */
export const ReportedModel = Type.Object(
  {
    tsMs: UnixMs,
    active: Type.Optional(ActiveBundle),
    deploymentId: Type.Optional(Type.String()),
    deploymentState: Type.Optional(DeploymentState),
  },
  { additionalProperties: false },
);
export type ReportedModel = Static<typeof ReportedModel>;
