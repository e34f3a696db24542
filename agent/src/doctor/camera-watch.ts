import type { Camera, CameraHealth } from '../capture/port.ts';
import { AGENT_ERRORS, type AgentErrorCode } from '../kernel/errors.ts';
import type { Sighting } from './port.ts';

export interface CameraWatchDeps {
  readonly camera: Camera;
  /** From its first picture on. */
  readonly watchMs: number;
  readonly nowMs: () => number;
  /** Mean and variance of the luma of a JPEG picture. */
  readonly measure: (jpeg: Uint8Array) => Promise<{ readonly mean: number; readonly variance: number }>;
}

/** Opens a camera, looks at it for a while, and closes it. Its first failure counts. */
export async function watchCamera(deps: CameraWatchDeps, signal: AbortSignal): Promise<Sighting> {
  const { camera, nowMs } = deps;
  const failed = new AbortController();
  let failure: CameraHealth | undefined;
  camera.onHealth((health) => {
    if (health.condition !== 'offline' && health.condition !== 'stalled') return;
    failure ??= health;
    failed.abort();
  });
  const startedMs = nowMs();
  await camera.start(signal);
  try {
    const seen = await collect(deps, startedMs, AbortSignal.any([signal, failed.signal]));
    if (seen !== undefined) return seen;
    return describeFailure(failure ?? camera.health());
  } finally {
    await camera.stop();
  }
}

/** @returns undefined when no picture came */
async function collect(
  { camera, watchMs, nowMs, measure }: CameraWatchDeps,
  startedMs: number,
  signal: AbortSignal,
): Promise<Sighting | undefined> {
  let firstMs: number | undefined;
  let lastMs = startedMs;
  let first: Uint8Array | undefined;
  let isMoving = false;
  let pictures = 0;
  let before: Uint8Array | undefined;
  while (firstMs === undefined || lastMs - firstMs < watchMs) {
    if ((await camera.nextFrame(signal)) === undefined) break;
    lastMs = nowMs();
    firstMs ??= lastMs;
    const picture = camera.latestPicture();
    if (picture === undefined || picture === before) continue;
    before = picture;
    pictures += 1;
    first ??= picture;
    isMoving ||= Buffer.compare(first, picture) !== 0;
  }
  if (firstMs === undefined || before === undefined) return undefined;
  const watchedMs = lastMs - firstMs;
  return {
    kind: 'seen',
    firstPictureMs: firstMs - startedMs,
    framesPerSec: ((camera.counters().captured - 1) * 1000) / Math.max(1, watchedMs),
    watchedMs,
    // One picture tells nothing.
    isMoving: isMoving || pictures < 2,
    ...(await measure(before)),
  };
}

function describeFailure({ code = 'CAMERA_TIMEOUT', detail }: CameraHealth): Sighting {
  return { kind: 'failed', code, detail: detail ?? 'no picture came', remedy: remedyOf(code) };
}

const remedyOf = (code: AgentErrorCode): string => AGENT_ERRORS[code].remedy;
