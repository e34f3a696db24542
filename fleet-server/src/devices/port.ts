import type { CameraView, DeviceView, LiveMessage } from '@watchpost/shared/api/fleet.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';

export type { CameraView, DeviceView, LiveMessage };

/** The fleet as it is now: a projection of what devices reported, in memory; rebuilt from the store and births. */
export interface FleetView {
  devices(): readonly DeviceView[];
  device(id: string): DeviceView | undefined;
  /** Live samples of the last minutes, oldest first. */
  recentTelemetry(id: string): readonly Telemetry[];
  /** @returns unsubscribes */
  subscribe(listener: (message: LiveMessage) => void): () => void;
  /** How many listeners there are: somebody watches. */
  watchers(): number;
}

/** The latest picture of each camera, in memory. */
export interface PictureBoard {
  put(deviceId: string, camera: string, jpeg: Uint8Array, atMs: number): void;
  get(deviceId: string, camera: string): { readonly jpeg: Uint8Array; readonly atMs: number } | undefined;
}
