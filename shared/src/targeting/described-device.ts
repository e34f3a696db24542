import type { DeviceView } from '../api/fleet.ts';
import type { TargetDeviceView } from '../api/targeting.ts';

/**
 * A device as filters see it, but for its groups. What runs on a box that has not spoken since the server started is
 * what its last deployment left there.
 * @param timezones by site
 */
export function describeDevice(
  device: DeviceView,
  timezones: ReadonlyMap<string, string>,
): Omit<TargetDeviceView, 'groups'> {
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
    ...(birth?.orderTypes !== undefined && { orderTypes: birth.orderTypes }),
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
}: NonNullable<DeviceView['hardware']>): Pick<
  TargetDeviceView,
  'board' | 'arch' | 'cores' | 'memoryBytes'
> => ({ board, arch, cores, memoryBytes });
