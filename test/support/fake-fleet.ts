import type {
  DeviceView,
  FleetView,
  LiveMessage,
  PictureBoard,
} from '../../fleet-server/src/devices/port.ts';

export interface FakeFleet extends FleetView {
  /** Replaces or adds a device, without telling anybody. */
  set(device: DeviceView): void;
  /** Tells every listener. */
  send(message: LiveMessage): void;
}

/** A fleet that holds what it is given. */
export function createFakeFleet(...initial: readonly DeviceView[]): FakeFleet {
  const devices = new Map(initial.map((device) => [device.id, device]));
  const listeners = new Set<(message: LiveMessage) => void>();
  return {
    devices: () => [...devices.values()],
    device: (id) => devices.get(id),
    recentTelemetry: (id) => {
      const telemetry = devices.get(id)?.telemetry;
      return telemetry === undefined ? [] : [telemetry];
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    watchers: () => listeners.size,
    set: (device) => void devices.set(device.id, device),
    send: (message) => {
      for (const listener of listeners) listener(message);
    },
  };
}

export function createMemoryPictures(): PictureBoard {
  const pictures = new Map<string, { readonly jpeg: Uint8Array; readonly atMs: number }>();
  return {
    put: (deviceId, camera, jpeg, atMs) => void pictures.set(`${deviceId}/${camera}`, { jpeg, atMs }),
    get: (deviceId, camera) => pictures.get(`${deviceId}/${camera}`),
  };
}
