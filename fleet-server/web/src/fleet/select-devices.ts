import { describeDevice } from '@watchpost/shared/targeting/described-device.ts';
import { matchesFilter } from '@watchpost/shared/targeting/filter-match.ts';
import { parseFilter } from '@watchpost/shared/targeting/filter-parser.ts';
import type { DeviceView } from '../api/client.ts';

export type Connection = DeviceView['connection'];

export interface FleetFilter {
  /** A filter as `fleetctl device list` takes it, or words that must all occur in what a row says of the device. */
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
  const isMeant = readFilter(filter.text);
  return devices.filter(
    (device) =>
      (filter.connection === undefined || device.connection === filter.connection) && isMeant(device),
  );
}

const NO_TIMEZONES: ReadonlyMap<string, string> = new Map();

function readFilter(text: string): (device: DeviceView) => boolean {
  const read = tryFilter(text);
  if (read.kind === 'filter')
    return (device) => matchesFilter(read.filter, describeDevice(device, NO_TIMEZONES));
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (device) => {
    const found = words.length > 0 ? searchText(device) : '';
    return words.every((word) => found.includes(word));
  };
}

type ReadFilter =
  | { readonly kind: 'filter'; readonly filter: ReturnType<typeof parseFilter> }
  | { readonly kind: 'words'; readonly why: string };

function tryFilter(text: string): ReadFilter {
  try {
    return { kind: 'filter', filter: parseFilter(text) };
  } catch (error) {
    return { kind: 'words', why: error instanceof Error ? error.message : String(error) };
  }
}

/** What is wrong with a text that is meant as a filter; undefined for a filter, and for words. */
export function explainFilter(text: string): string | undefined {
  const read = tryFilter(text);
  const isMeantAsFilter = /[=<>~]|(^|[\s(])(tag:|attrs\.|has\s)/.test(text);
  return read.kind === 'words' && isMeantAsFilter ? read.why : undefined;
}

/** Whether what the device last said is about now. */
export function isReachable(device: DeviceView): boolean {
  return device.connection !== 'disconnected' && device.connection !== 'lost';
}

/** model@version, as on the wire. */
export function modelName(bundle: { readonly model: string; readonly version: string }): string {
  return `${bundle.model}@${bundle.version}`;
}

/** The site and the tags of a device, in one line. */
export function placeOf({ metadata }: DeviceView): string {
  return [metadata?.site ?? '', ...(metadata?.tags ?? [])].filter(Boolean).join(' · ');
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
  const board = (device.birth?.hardware ?? device.hardware)?.board ?? '';
  return [device.id, device.connection, board, placeOf(device), bundle, ...cameras].join('\n').toLowerCase();
}
