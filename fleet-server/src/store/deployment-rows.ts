import type { Selectable } from 'kysely';
import type { DeploymentRecord } from './port.ts';
import type { DeploymentRow } from './schema.ts';

export const fromDeployment = (deployment: DeploymentRecord): Omit<DeploymentRow, 'row_id'> => ({
  id: deployment.id,
  device_id: deployment.deviceId,
  bundle_digest: deployment.bundleDigest,
  model: deployment.model,
  version: deployment.version,
  state: deployment.state,
  reason: deployment.reason ?? null,
  detail: deployment.detail ?? null,
  order_jws: deployment.order,
  created_at_ms: deployment.createdAtMs,
  updated_at_ms: deployment.updatedAtMs,
});

export const toDeployment = (row: Selectable<DeploymentRow>): DeploymentRecord => ({
  id: row.id,
  deviceId: row.device_id,
  bundleDigest: row.bundle_digest,
  model: row.model,
  version: row.version,
  state: row.state,
  ...(row.reason === null ? {} : { reason: row.reason }),
  ...(row.detail === null ? {} : { detail: row.detail }),
  order: row.order_jws,
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
});
