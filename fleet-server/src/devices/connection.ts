import type { ConnectionState } from '@watchpost/shared/lifecycle/device.ts';
import type { CameraCondition } from '@watchpost/shared/messages/camera.ts';

/** Silent for longer: a person should look. */
export const LOST_AFTER_MS = 10 * 60_000;

export interface Standing {
  readonly isOnline: boolean;
  /** Since the last word, or since this server began to listen. */
  readonly silentMs: number;
  readonly isUpdating: boolean;
  readonly hasActiveBundle: boolean;
  /** One per camera; undefined before its first report. */
  readonly cameras: readonly (CameraCondition | undefined)[];
}

/** A camera switched off on purpose degrades nothing. */
export function computeConnection(standing: Standing): ConnectionState {
  if (standing.silentMs > LOST_AFTER_MS) return 'lost';
  if (!standing.isOnline) return 'disconnected';
  if (standing.isUpdating) return 'updating';
  const areCamerasWell = standing.cameras.every((it) => it === 'online' || it === 'disabled');
  return standing.hasActiveBundle && areCamerasWell ? 'ready' : 'degraded';
}
