import type { DeviceMetadata } from '@watchpost/shared/api/targeting.ts';
import type { ActiveBundle, Birth } from '@watchpost/shared/messages/birth.ts';
import type { CameraState, CameraStats, CameraStatus } from '@watchpost/shared/messages/camera.ts';
import type { ReportedConfig } from '@watchpost/shared/messages/config-document.ts';
import type { DeviceStatus } from '@watchpost/shared/messages/status.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import type { DeploymentRecord, DeviceConfigRecord, DeviceRecord } from '../store/port.ts';
import type { LiveReport } from './port.ts';

export interface CameraFacts {
  readonly name: string;
  readonly status?: CameraStatus;
  readonly stats?: CameraStats;
  readonly state?: CameraState;
  readonly pictureAtMs?: number | undefined;
}

/** What is known of one device; a report makes new facts out of old ones. */
export interface DeviceFacts {
  readonly record: DeviceRecord;
  /** Since when this server listens to it. */
  readonly knownSinceMs: number;
  readonly lastSeenMs?: number;
  readonly isOnline: boolean;
  /** The connection that spoke last: an `offline` of any other comes late. */
  readonly session?: string;
  readonly birth?: Birth;
  readonly active?: ActiveBundle | undefined;
  readonly telemetry?: Telemetry;
  readonly deployment?: DeploymentRecord;
  /** What the fleet last set on it, if anything. */
  readonly desiredConfig?: DeviceConfigRecord;
  readonly reportedConfig?: ReportedConfig;
  readonly metadata?: DeviceMetadata;
  readonly cameras: ReadonlyMap<string, CameraFacts>;
}

/** A box with more cameras is none of ours; the rest of its reports are ignored. */
const MAX_CAMERAS = 64;

export function createFacts(record: DeviceRecord, nowMs: number): DeviceFacts {
  return { record, knownSinceMs: nowMs, isOnline: false, cameras: new Map() };
}

export function withPresence(facts: DeviceFacts, connected: boolean, nowMs: number): DeviceFacts {
  return { ...facts, isOnline: connected, lastSeenMs: nowMs };
}

export function withReport(facts: DeviceFacts, report: LiveReport, nowMs: number): DeviceFacts {
  const seen = { ...facts, lastSeenMs: nowMs };
  switch (report.kind) {
    case 'status':
      return withStatus(facts, report.body, nowMs);
    case 'birth':
      return withBirth(seen, report.body);
    case 'telemetry':
      return { ...seen, telemetry: report.body };
    case 'reportedModel':
      return { ...seen, active: report.body.active };
    case 'reportedConfig':
      return { ...seen, reportedConfig: report.body };
    case 'cameraStatus':
      return withReportedCamera(seen, report.camera, { status: report.body });
    case 'cameraStats':
      return withReportedCamera(seen, report.camera, { stats: report.body });
    case 'cameraState':
      return withReportedCamera(seen, report.camera, { state: report.body });
  }
}

/** A last will of an older connection says nothing, not even that the device was seen. */
function withStatus(facts: DeviceFacts, status: DeviceStatus, nowMs: number): DeviceFacts {
  const { state, session } = status;
  if (state === 'online') return { ...facts, isOnline: true, session, lastSeenMs: nowMs };
  if (facts.session !== undefined && facts.session !== session) return facts;
  return { ...facts, isOnline: false, session, lastSeenMs: nowMs };
}

/** A birth names the cameras there are: others are forgotten. */
function withBirth(facts: DeviceFacts, birth: Birth): DeviceFacts {
  const cameras = birth.cameras
    .slice(0, MAX_CAMERAS)
    .map(({ id, name }) => [id, { ...facts.cameras.get(id), name }] as const);
  return { ...facts, birth, active: birth.activeBundle, cameras: new Map(cameras) };
}

/** After a birth, what is said of a camera it does not name is an echo of one that is gone. */
function withReportedCamera(facts: DeviceFacts, id: string, change: Partial<CameraFacts>): DeviceFacts {
  const isGone = facts.birth?.cameras.every((camera) => camera.id !== id) ?? false;
  return isGone ? facts : withCamera(facts, id, change);
}

export function withCamera(facts: DeviceFacts, id: string, change: Partial<CameraFacts>): DeviceFacts {
  const known = facts.cameras.get(id);
  if (known === undefined && facts.cameras.size >= MAX_CAMERAS) return facts;
  return { ...facts, cameras: new Map(facts.cameras).set(id, { name: id, ...known, ...change }) };
}

/** The newest deployment: whatever the clock said, it was ordered last. */
export function withDeployment(facts: DeviceFacts, deployment: DeploymentRecord): DeviceFacts {
  return { ...facts, deployment };
}

/** A late word of an older deployment is ignored. */
export function withProgress(facts: DeviceFacts, deployment: DeploymentRecord): DeviceFacts {
  return facts.deployment?.id === deployment.id ? { ...facts, deployment } : facts;
}

/** The newest settings count. */
export function withDesiredConfig(facts: DeviceFacts, config: DeviceConfigRecord): DeviceFacts {
  const shown = facts.desiredConfig?.version ?? 0;
  return config.version < shown ? facts : { ...facts, desiredConfig: config };
}

export function withMetadata(facts: DeviceFacts, metadata: DeviceMetadata): DeviceFacts {
  return { ...facts, metadata };
}
