import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';

export interface DeploymentRecord {
  readonly id: string;
  readonly deviceId: string;
  readonly bundleDigest: string;
  readonly model: string;
  readonly version: string;
  readonly state: DeploymentState;
  readonly reason?: string;
  readonly detail?: string;
  /** Compact JWS of the order, as retained on desired/model. */
  readonly order: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}
