import { access, constants } from 'node:fs/promises';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createFfmpegCamera } from '../capture/ffmpeg-camera.ts';
import { measurePicture, toGray } from '../capture/lens/picture-watch.ts';
import type { FramePlan } from '../capture/port.ts';
import { withCredentials } from '../capture/sources/camera-url.ts';
import { readCredentials } from '../capture/sources/credentials-file.ts';
import type { CameraConfig } from '../config/schema.ts';
import { watchCamera } from '../doctor/camera-watch.ts';
import { type CameraFacts, diagnoseCamera } from '../doctor/diagnose-camera.ts';
import { probeFormat } from '../doctor/ffprobe-stream.ts';
import type { Connection, Examination, Sighting } from '../doctor/port.ts';
import { probeConnection } from '../doctor/socket-probe.ts';
import { readPicture } from '../inference/sharp-picture.ts';
import { systemClock } from '../kernel/system-clock.ts';

/** From the first picture; at least two frames, however slow the camera is set. */
const WATCH_MS = 6_000;
const WATCH_FRAMES = 2.5;
const MEASURED: FramePlan = { width: 64, height: 36, fit: 'squash', scaleFlags: 'area' };

/** Each camera is opened once more beside the agent, watched for a few seconds, and closed. */
export function examineCameras(cameras: readonly CameraConfig[]): readonly Examination[] {
  const open = createFfmpegCamera({
    logger: silentLogger,
    nowMs: systemClock.monotonicMs,
    random01: () => 0.5,
  });
  return cameras.map((camera) => ({
    area: 'cameras',
    camera: camera.id,
    title: `camera ${camera.id} (it is opened once more beside the agent)`,
    examine: async (signal) => diagnoseCamera(await inspectCamera(camera, open, signal)),
  }));
}

async function inspectCamera(
  config: CameraConfig,
  open: ReturnType<typeof createFfmpegCamera>,
  signal: AbortSignal,
): Promise<CameraFacts> {
  const { id, url, stillUrl, fps } = config;
  const facts = { id, fps, ...(url !== undefined && { url }), ...(stillUrl !== undefined && { stillUrl }) };
  const reach = await tryToReach(config);
  if (reach !== undefined && hasFailed(reach)) return { ...facts, reach };
  const watchMs = Math.max(WATCH_MS, (WATCH_FRAMES * 1000) / fps);
  const deps = { camera: open(config), watchMs, nowMs: systemClock.monotonicMs, measure: measureJpeg };
  const sighting = (await refuseDevice(config)) ?? (await watchCamera(deps, signal));
  const format =
    sighting.kind === 'seen' && hasOneStream(config)
      ? await probeFormat(config, await addressOf(config), signal)
      : undefined;
  return { ...facts, ...(reach && { reach }), sighting, ...(format && { format }) };
}

/** What ffprobe can be asked about. */
const hasOneStream = ({ url, device, file }: CameraConfig): boolean =>
  url !== undefined || device !== undefined || file !== undefined;

const hasFailed = ({ steps }: Connection): boolean => steps.some(({ outcome }) => outcome.kind === 'failed');

async function tryToReach({ url: stream, stillUrl }: CameraConfig): Promise<Connection | undefined> {
  const url = stream ?? stillUrl;
  if (url === undefined || !URL.canParse(url)) return undefined;
  return probeConnection({ url, depth: 'reach' });
}

/** ffmpeg does not say that it lacks the right to open a device. */
async function refuseDevice({ device: stream, webcam }: CameraConfig): Promise<Sighting | undefined> {
  const device = stream ?? webcam;
  if (device === undefined) return undefined;
  try {
    await access(device, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES') return undefined;
    const remedy = 'Put the user of the agent into the group `video`, or run doctor as root (sudo).';
    return { kind: 'failed', code: 'CAMERA_NOT_FOUND', detail: message, remedy };
  }
}

async function measureJpeg(jpeg: Uint8Array): Promise<{ readonly mean: number; readonly variance: number }> {
  return measurePicture(toGray(await readPicture(jpeg, MEASURED)));
}

async function addressOf({ url, credentialsFile }: CameraConfig): Promise<string | undefined> {
  return url === undefined || credentialsFile === undefined
    ? url
    : withCredentials(url, await readCredentials(credentialsFile));
}
