import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import Value from 'typebox/value';
import { type FfmpegInput, planInput } from '../capture/ffmpeg/ffmpeg-input.ts';
import { withoutCredentials } from '../capture/sources/camera-url.ts';
import { readCredentials } from '../capture/sources/credentials-file.ts';
import { type FfmpegExit, parseStreamFailure } from '../capture/sources/stream-error.ts';
import { CameraConfig } from '../config/schema.ts';
import { agentError } from '../kernel/errors.ts';
import type { BenchRequest } from './bench-arguments.ts';

/** Longer than one run of many cameras: a file that begins again loses frames. */
const RECORDING_SEC = 40;
const RECORDING_LIMIT_SEC = RECORDING_SEC + 30;
export const SOCKET_TIMEOUT_MS = 10_000;
const NO_PICTURE = { code: 'CAMERA_FORMAT', detail: 'no picture came' } as const;

/** A camera with the defaults of the settings. */
export const benchCamera = (fields: object): CameraConfig =>
  Value.Default(CameraConfig, { id: 'camera-1', ...fields }) as CameraConfig;

/** What the settings name it by. They hold no credentials. */
export function sourceFields({
  source,
  credentialsFile,
}: Pick<BenchRequest, 'source' | 'credentialsFile'>): Readonly<Record<string, string>> {
  if (!isAddress(source)) return { file: resolve(source) };
  return {
    url: withoutCredentials(source),
    ...(credentialsFile !== undefined && { credentialsFile: resolve(credentialsFile) }),
  };
}

const isAddress = (source: string): boolean => /^(rtsps?|https?):\/\//.test(source);

/**
 * A recording of the camera, not coded anew, so that it costs as much to decode. A short file is repeated.
 * @throws what `signal` is aborted for, AppError CAMERA_* as the camera's own, CAPTURE_FAILED, INPUT_MISSING
 */
export async function recordSource(
  request: BenchRequest,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const { source } = request;
  if (!isAddress(source)) {
    const found = await stat(source).catch(() => undefined);
    if (!found?.isFile()) throw agentError('INPUT_MISSING', `there is no video file ${source}`);
  }
  const file = join(folder, 'recording.mkv');
  const output = ['-map', '0:v:0', '-c', 'copy', '-t', String(RECORDING_SEC), '-y', file];
  const exit = await runFfmpeg(await planRecording(request), output, signal);
  const recorded = await stat(file).catch(() => undefined);
  if (exit.exitCode === 0 && recorded !== undefined && recorded.size > 0) return file;
  const { code, detail } = parseStreamFailure(exit, SOCKET_TIMEOUT_MS) ?? NO_PICTURE;
  throw agentError(code, `${withoutCredentials(source)}: ${detail}`);
}

/** @throws what `signal` is aborted for, AppError CAMERA_TIMEOUT | CAPTURE_FAILED */
async function runFfmpeg(
  { args, stdin }: FfmpegInput,
  output: readonly string[],
  signal: AbortSignal,
): Promise<FfmpegExit> {
  const limit = AbortSignal.timeout(RECORDING_LIMIT_SEC * 1000);
  const startedMs = performance.now();
  const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', ...args, ...output], {
    stdio: ['pipe', 'ignore', 'pipe'],
    signal: AbortSignal.any([signal, limit]),
  });
  child.stdin.on('error', () => undefined).end(stdin);
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  try {
    const [[exitCode, by], stderr] = await Promise.all([ended, text(child.stderr)]);
    return { exitCode, signal: by, stderr, ranForMs: performance.now() - startedMs };
  } catch (cause) {
    signal.throwIfAborted();
    if (!limit.aborted) throw agentError('CAPTURE_FAILED', 'ffmpeg could not be started', { cause });
    const asked = `${RECORDING_SEC} seconds of video did not come within ${RECORDING_LIMIT_SEC}`;
    throw agentError('CAMERA_TIMEOUT', asked, { cause });
  }
}

async function planRecording({ source, fps, credentialsFile }: BenchRequest): Promise<FfmpegInput> {
  if (!isAddress(source)) return { args: ['-stream_loop', '-1', '-i', `file:${resolve(source)}`] };
  const credentials = credentialsFile === undefined ? undefined : await readCredentials(credentialsFile);
  const camera = benchCamera({ url: source, fps });
  const { args, stdin } = planInput({
    ...{ camera, socketTimeoutMs: SOCKET_TIMEOUT_MS },
    ...(credentials && { credentials }),
  });
  // Nothing is filtered where nothing is decoded.
  const kept = args.filter((arg, at) => arg !== '-reinit_filter' && args[at - 1] !== '-reinit_filter');
  return { args: kept, ...(stdin !== undefined && { stdin }) };
}
