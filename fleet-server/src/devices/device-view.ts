import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import type { DeploymentRecord, DeviceRecord } from '../store/port.ts';
import { computeConnection } from './connection.ts';
import type { CameraFacts, DeviceFacts } from './device-facts.ts';
import type { CameraView, DeviceView } from './port.ts';

/** The facts as the API shows them at `nowMs`. */
export function toView(facts: DeviceFacts, nowMs: number): DeviceView {
  const { record, lastSeenMs, birth, active, telemetry, deployment, metadata } = facts;
  return {
    id: record.id,
    fleet: record.fleet,
    state: record.state,
    connection: connectionOf(facts, nowMs),
    enrolledAtMs: record.enrolledAtMs,
    fingerprint: record.fingerprint,
    ...(lastSeenMs === undefined ? {} : { lastSeenMs }),
    ...(birth === undefined ? toEnrolledHardware(record) : { birth }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(active === undefined ? {} : { activeBundle: active }),
    ...(telemetry === undefined ? {} : { telemetry }),
    ...(deployment === undefined ? {} : { deployment: toDeploymentView(deployment) }),
    ...toConfigView(facts),
    cameras: [...facts.cameras].map(([id, camera]) => toCameraView(id, camera)),
  };
}

/** Of a preauthorized device nothing is known. */
const toEnrolledHardware = ({ state, hardware }: DeviceRecord): Pick<DeviceView, 'hardware'> =>
  state === 'preauthorized' ? {} : { hardware };

function toConfigView({ desiredConfig, reportedConfig }: DeviceFacts): Pick<DeviceView, 'config'> {
  if (desiredConfig === undefined && reportedConfig === undefined) return {};
  const { version, actor, atMs } = desiredConfig ?? {};
  return {
    config: {
      ...(version !== undefined && actor !== undefined && atMs !== undefined
        ? { desired: { version, actor, atMs } }
        : {}),
      ...(reportedConfig === undefined ? {} : { reported: reportedConfig }),
    },
  };
}

export function connectionOf(facts: DeviceFacts, nowMs: number): DeviceView['connection'] {
  return computeConnection({
    isOnline: facts.isOnline,
    silentMs: nowMs - (facts.lastSeenMs ?? facts.knownSinceMs),
    isUpdating: facts.deployment !== undefined && isUnderWay(facts.deployment.state),
    hasActiveBundle: facts.active !== undefined,
    cameras: [...facts.cameras.values()].map(({ status }) => status?.condition),
  });
}

const WAITING: readonly DeploymentState[] = [
  'pending',
  'waiting_for_window',
  'waiting_for_confirmation',
  'waiting_for_quiet',
  'paused',
];

const isUnderWay = (state: DeploymentState): boolean =>
  !isTerminal(DEPLOYMENT_LIFECYCLE, state) && !WAITING.includes(state);

function toCameraView(id: string, camera: CameraFacts): CameraView {
  const { name, status, stats, state, pictureAtMs } = camera;
  return {
    id,
    name,
    ...(status === undefined ? {} : { status }),
    ...(stats === undefined ? {} : { stats }),
    ...(state === undefined ? {} : { state }),
    ...(pictureAtMs === undefined ? {} : { pictureAtMs }),
  };
}

function toDeploymentView(deployment: DeploymentRecord): NonNullable<DeviceView['deployment']> {
  const { id, bundleDigest, model, version, state, reason, detail, updatedAtMs } = deployment;
  return {
    id,
    bundleDigest,
    model,
    version,
    state,
    updatedAtMs,
    ...(reason === undefined ? {} : { reason }),
    ...(detail === undefined ? {} : { detail }),
  };
}
