import type { DeviceView } from '../devices/port.ts';
import type { TargetDevice } from './port.ts';

/**
 * A device as filters see it, but for its groups. What runs on a box that has not spoken since this server started is
 * what its last deployment left there.
 */
export function toTargetDevice(
  device: DeviceView,
  timezones: ReadonlyMap<string, string>,
): Omit<TargetDevice, 'groups'> {
  const { id, state, connection, birth, telemetry, lastSeenMs, metadata } = device;
  const hardware = birth?.hardware ?? device.hardware;
  const running = device.activeBundle ?? (device.deployment?.state === 'success' && device.deployment);
  const timezone = timezones.get(metadata?.site ?? '');
  return {
    id,
    state,
    connection,
    ...(metadata?.site !== undefined && { site: metadata.site }),
    ...(timezone !== undefined && { timezone }),
    ...(hardware !== undefined && pickHardware(hardware)),
    ...(birth !== undefined && { agentVersion: birth.agentVersion }),
    ...(running && { model: running.model, version: running.version }),
    ...(telemetry !== undefined && { diskFreeBytes: telemetry.disk.freeBytes }),
    ...(lastSeenMs !== undefined && { lastSeenMs }),
    tags: metadata?.tags ?? [],
    attrs: metadata?.attrs ?? {},
  };
}

const pickHardware = ({
  board,
  arch,
  cores,
  memoryBytes,
}: NonNullable<DeviceView['hardware']>): Pick<TargetDevice, 'board' | 'arch' | 'cores' | 'memoryBytes'> => ({
  board,
  arch,
  cores,
  memoryBytes,
});
