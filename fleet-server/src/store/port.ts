import type { AccountStore, ApiTokenStore } from './account-records.ts';
import type { CommandStore } from './command-records.ts';
import type { DeploymentStore } from './deployment-records.ts';
import type { CertificateStore, DeviceConfigStore, DeviceStore } from './device-records.ts';
import type { DeviceWindowStore } from './device-window.ts';
import type { EvidenceStore } from './evidence-records.ts';
import type { BundleStore, ModelStore } from './model-records.ts';
import type { ReportStore } from './report-records.ts';
import type { LeaseStore, RolloutStore } from './rollout-records.ts';
import type { TargetingStore } from './targeting-records.ts';
import type { AuditStore, TrustStore } from './trust-records.ts';

export type * from './account-records.ts';
export type * from './command-records.ts';
export type * from './deployment-records.ts';
export type * from './device-records.ts';
export type * from './device-window.ts';
export type * from './evidence-records.ts';
export type * from './model-records.ts';
export type * from './report-records.ts';
export type * from './rollout-records.ts';
export type * from './targeting-records.ts';
export type * from './trust-records.ts';

/** All the fleet server remembers. Each part is one table or a few; methods reject with AppError STORE_FAILED. */
export interface Store {
  readonly devices: DeviceStore;
  readonly certificates: CertificateStore;
  readonly bundles: BundleStore;
  readonly models: ModelStore;
  readonly deployments: DeploymentStore;
  readonly deviceConfigs: DeviceConfigStore;
  readonly commands: CommandStore;
  readonly evidence: EvidenceStore;
  readonly deviceWindows: DeviceWindowStore;
  readonly targeting: TargetingStore;
  readonly rollouts: RolloutStore;
  readonly leases: LeaseStore;
  readonly reports: ReportStore;
  readonly accounts: AccountStore;
  readonly apiTokens: ApiTokenStore;
  readonly trust: TrustStore;
  readonly audit: AuditStore;
  close(): Promise<void>;
}
