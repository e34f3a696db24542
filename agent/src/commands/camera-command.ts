import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { Camera } from '../capture/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { findCamera } from './find-camera.ts';
import type { RunCommand } from './port.ts';

export interface RestartCameraDeps {
  readonly cameras: () => readonly Camera[];
  /** Stops the camera and opens it anew, under the same id. */
  readonly restart: (id: string) => Promise<void>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** How long the reply waits to say whether the camera came back. */
const LOOK_LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 100;

export function createRestartCamera({
  cameras,
  restart,
  clock,
}: RestartCameraDeps): RunCommand<'restart-camera'> {
  return async ({ camera: id }, { signal }) => {
    findCamera(cameras(), id);
    const startedMs = clock.monotonicMs();
    await restart(id);
    const look = () => findCamera(cameras(), id).health();
    const passedMs = (): number => Math.round(clock.monotonicMs() - startedMs);
    while (look().condition !== 'online' && passedMs() < LOOK_LIMIT_MS && !signal.aborted)
      await waitMs(LOOK_EVERY_MS, signal);
    const { condition, code } = look();
    return { result: { camera: id, condition, ...(code !== undefined && { code }), tookMs: passedMs() } };
  };
}
