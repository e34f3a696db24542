import type { AliasChange, Certification } from '@watchpost/shared/api/models.ts';
import type { Stream } from '@watchpost/shared/messages/durable.ts';
import type { Generated, Kysely, Transaction } from 'kysely';
import type { ApiTokenRecord, BundleRecord, CommandRecord, DeploymentRecord, DeviceRecord } from './port.ts';
import type { RolloutTables } from './rollout-tables.ts';

/** Columns named `*_ms` are Unix milliseconds; columns `body`, `manifest`, `hardware` hold JSON. */
export interface DeviceRow {
  id: string;
  fleet: string;
  state: DeviceRecord['state'];
  public_key: string;
  fingerprint: string;
  secret_sha256: string;
  hardware: string;
  enrolled_at_ms: number;
}

export interface TokenRow {
  token_sha256: string;
  created_at_ms: number;
  expires_at_ms: number;
  used_by: string | null;
}

export interface CertificateRow {
  serial: string;
  device_id: string;
  fingerprint: string;
  not_before_ms: number;
  not_after_ms: number;
  revoked_at_ms: number | null;
}

export interface RevokedKeyRow {
  fingerprint: string;
  device_id: string;
  revoked_at_ms: number;
}

export interface BundleRow {
  digest: string;
  model: string;
  version: string;
  manifest: string;
  state: BundleRecord['state'];
  created_at_ms: number;
  pushed_by: string | null;
  released_at_ms: number | null;
}

/** What every table of the registry's history has. */
interface ModelHistoryRow {
  row_id: Generated<number>;
  digest: string;
  at_ms: number;
}

export interface ModelTransitionRow extends ModelHistoryRow {
  from_state: BundleRecord['state'];
  to_state: BundleRecord['state'];
  actor: string;
  reason: string;
}

export interface ModelCertificationRow extends ModelHistoryRow {
  decision: Certification['decision'];
  report: string;
  actor: string;
}

export interface ModelValidationRow extends ModelHistoryRow {
  body: string;
}

export interface ModelAliasRow {
  row_id: Generated<number>;
  model: string;
  at_ms: number;
  alias: AliasChange['alias'];
  from_version: string | null;
  to_version: string | null;
  actor: string;
}

export interface DeploymentRow {
  row_id: Generated<number>;
  id: string;
  device_id: string;
  bundle_digest: string;
  model: string;
  version: string;
  state: DeploymentRecord['state'];
  reason: string | null;
  detail: string | null;
  order_jws: string;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface DeviceWindowRow {
  device_id: string;
  ended_at_ms: number;
  window_sec: number;
  digest: string;
  /** Those that were due: all that were captured, of a box that leaves none out. */
  frames_captured: number;
  frames_classified: number;
  frames_failed: number;
  infer_p95_ms: number | null;
  celsius: number | null;
  /** 0 or 1. */
  throttled: number;
}

/** `settings` is JSON. */
export interface DeviceConfigRow {
  device_id: string;
  version: number;
  settings: string;
  actor: string;
  at_ms: number;
}

export interface SiteRow {
  id: string;
  name: string;
  timezone: string;
  address: string | null;
  lat: number | null;
  lon: number | null;
}

/** `tags` and `attrs` are JSON. */
export interface DeviceMetadataRow {
  device_id: string;
  site: string | null;
  tags: string;
  attrs: string;
}

/** Of `filter` and `devices`, a list as JSON, one is null. */
export interface DeviceGroupRow {
  id: string;
  description: string | null;
  filter: string | null;
  devices: string | null;
}

export interface SavedFilterRow {
  id: string;
  description: string | null;
  filter: string;
}

/** `policy` is JSON. */
export interface SavedPolicyRow {
  id: string;
  policy: string;
}

export interface OrderCounterRow {
  device_id: string;
  counter: number;
}

/** What every stored report has. */
interface ReportRow {
  row_id: Generated<number>;
  device_id: string;
  epoch: string;
  seq: number;
  body: string;
  received_at_ms: number;
}

export interface EventTableRow extends ReportRow {
  camera: string;
}

export interface DeploymentChangeRow extends ReportRow {
  deployment_id: string;
  state: DeploymentRecord['state'];
}

export interface TelemetryRow extends ReportRow {
  ts_ms: number;
}

export interface RejectedRow extends ReportRow {
  stream: Stream;
  problem: string;
}

export interface CursorRow {
  device_id: string;
  epoch: string;
  stream: Stream;
  up_to: number;
}

/** A stored number above its cursor: it waits for the gap below it to close. */
export interface PendingRow {
  device_id: string;
  epoch: string;
  stream: Stream;
  seq: number;
}

export interface UserRow {
  name: string;
  password_hash: string;
  /** JSON: the roles given. */
  roles: Generated<string>;
  /** 0 or 1. */
  disabled: Generated<number>;
  created_at_ms: Generated<number>;
}

export interface SessionRow {
  token_sha256: string;
  user_name: string;
  expires_at_ms: number;
}

export interface ApiTokenRow {
  id: string;
  token_sha256: string;
  user_name: string;
  role: ApiTokenRecord['role'];
  description: string;
  created_at_ms: number;
  expires_at_ms: number;
  last_used_at_ms: number | null;
}

/** `entry` is the canonical JSON of everything but `hash`. */
export interface AuditRow {
  seq: number;
  entry: string;
  hash: string;
}

export interface CommandRow {
  id: string;
  device_id: string;
  name: CommandRecord['name'];
  /** JSON, as are `result` and `file`. */
  args: string;
  counter: number;
  state: CommandRecord['state'];
  actor: string;
  created_at_ms: number;
  expires_at_ms: number;
  sent_at_ms: number | null;
  ended_at_ms: number | null;
  code: string | null;
  detail: string | null;
  result: string | null;
  file: string | null;
}

export interface EvidencePictureRow {
  device_id: string;
  event_id: string;
  number: number;
  offset_ms: number;
  size_bytes: number;
  sha256: string;
  received_at_ms: number;
}

export interface TufFileRow {
  name: string;
  role: string;
  version: number;
  body: string;
  created_at_ms: number;
}

export interface TufStagedRow {
  role: string;
  body: string;
}

/** The tables, named as SQL names them. */
export type Tables = RolloutTables & {
  devices: DeviceRow;
  enrolment_tokens: TokenRow;
  device_certificates: CertificateRow;
  revoked_keys: RevokedKeyRow;
  bundles: BundleRow;
  model_transitions: ModelTransitionRow;
  model_certifications: ModelCertificationRow;
  model_validations: ModelValidationRow;
  model_alias_changes: ModelAliasRow;
  deployments: DeploymentRow;
  order_counters: OrderCounterRow;
  device_configs: DeviceConfigRow;
  commands: CommandRow;
  evidence_pictures: EvidencePictureRow;
  device_windows: DeviceWindowRow;
  sites: SiteRow;
  device_metadata: DeviceMetadataRow;
  device_groups: DeviceGroupRow;
  saved_filters: SavedFilterRow;
  saved_policies: SavedPolicyRow;
  tuf_files: TufFileRow;
  tuf_staged: TufStagedRow;
  events: EventTableRow;
  deployment_changes: DeploymentChangeRow;
  telemetry_summaries: TelemetryRow;
  rejected_reports: RejectedRow;
  cursors: CursorRow;
  pending_seqs: PendingRow;
  users: UserRow;
  sessions: SessionRow;
  api_tokens: ApiTokenRow;
  audit_entries: AuditRow;
};

export type Db = Kysely<Tables>;
export type Tx = Transaction<Tables>;
