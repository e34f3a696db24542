import type { DeviceView } from '../api/client.ts';

export type Connection = DeviceView['connection'];

export interface FleetFilter {
  /** Words that must all occur in what a row says of the device. */
  readonly text: string;
  readonly connection: Connection | undefined;
}

export interface FleetCounts {
  readonly connections: Readonly<Record<Connection, number>>;
  readonly camerasOnline: number;
  readonly cameras: number;
}

export function countFleet(devices: readonly DeviceView[]): FleetCounts {
  const connections = { ready: 0, degraded: 0, updating: 0, disconnected: 0, lost: 0 };
  let cameras = 0;
  let camerasOnline = 0;
  for (const device of devices) {
    connections[device.connection] += 1;
    cameras += device.cameras.length;
    if (isReachable(device)) {
      camerasOnline += device.cameras.filter((camera) => camera.status?.condition === 'online').length;
    }
  }
  return { connections, cameras, camerasOnline };
}

export function selectDevices(devices: readonly DeviceView[], filter: FleetFilter): readonly DeviceView[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return devices.filter((device) => {
    if (filter.connection !== undefined && device.connection !== filter.connection) return false;
    const text = words.length > 0 ? searchText(device) : '';
    return words.every((word) => text.includes(word));
  });
}

/** Whether what the device last said is about now. */
export function isReachable(device: DeviceView): boolean {
  return device.connection !== 'disconnected' && device.connection !== 'lost';
}

/** model@version, as on the wire. */
export function modelName(bundle: { readonly model: string; readonly version: string }): string {
  return `${bundle.model}@${bundle.version}`;
}

/** The hottest zone of the box: the one that will slow it down. */
export function hottestZone(
  device: DeviceView,
): { readonly zone: string; readonly celsius: number } | undefined {
  const zones = device.telemetry?.temperatures ?? [];
  return zones.reduce<(typeof zones)[number] | undefined>(
    (hottest, zone) => (hottest === undefined || zone.celsius > hottest.celsius ? zone : hottest),
    undefined,
  );
}

function searchText(device: DeviceView): string {
  const cameras = device.cameras.flatMap((camera) => [
    camera.id,
    camera.name,
    camera.state?.label ?? '',
    camera.status?.condition ?? '',
  ]);
  const bundle = device.activeBundle ? modelName(device.activeBundle) : '';
  return [device.id, device.connection, device.birth?.hardware.board ?? '', bundle, ...cameras]
    .join('\n')
    .toLowerCase();
}
