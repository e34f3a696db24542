import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { signalGroup } from '@watchpost/shared/kernel/process-group.ts';
import type { Webcam } from 'node-webcam';
import { type AgentErrorCode, agentError } from '../../kernel/errors.ts';
import { isJpeg, type TakePicture } from './take-picture.ts';

const STANDARD_OUTPUT = '-';
/** Sensors need a moment to find their exposure each time they are opened. */
const SKIPPED_FRAMES = 2;

/**
 * Takes pictures of a still camera by fswebcam, one process for each. The package words its command; the process is
 * ours, since a shot that hangs has to be ended and the package lets go of its own.
 */
export function createWebcamPicture(device: string): TakePicture {
  let webcam: Promise<Webcam> | undefined;
  return async (signal) => {
    webcam ??= openWebcam(device);
    const command = (await webcam).generateSh(STANDARD_OUTPUT);
    return shoot(command, device, signal).catch((error: unknown) => {
      if (isAppError(error)) throw error;
      throw agentError('CAPTURE_FAILED', `${device}: fswebcam cannot be started`, { cause: error });
    });
  };
}

async function openWebcam(device: string): Promise<Webcam> {
  const { default: library } = await import('node-webcam');
  const size = { width: 1280, height: 720 };
  const settings = { output: 'jpeg', quality: 90, skip: SKIPPED_FRAMES };
  return library.create({ ...size, ...settings, device: quoteForShell(device) }, 'fswebcam');
}

const quoteForShell = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

async function shoot(command: string, device: string, signal: AbortSignal): Promise<Uint8Array> {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): void => killGroup(child);
  signal.addEventListener('abort', kill);
  if (signal.aborted) kill();
  process.on('exit', kill);
  try {
    const gone = once(child, 'close');
    const [picture, complaint] = await Promise.all([buffer(child.stdout), text(child.stderr), gone]);
    if (isJpeg(picture)) return picture;
    const [code, detail] = signal.aborted
      ? (['CAMERA_TIMEOUT', 'no picture in time'] as const)
      : describeComplaint(complaint, child);
    throw agentError(code, `${device}: ${detail}`);
  } finally {
    process.off('exit', kill);
    signal.removeEventListener('abort', kill);
  }
}

/** A group of its own, so that whatever it started ends as well. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (exitCode === null && signalCode === null) signalGroup(pid, 'SIGKILL');
}

const SIGNS: readonly (readonly [RegExp, AgentErrorCode, string?])[] = [
  [/fswebcam: (command )?not found/, 'CAPTURE_FAILED', 'fswebcam is not installed (package fswebcam)'],
  [/No such (file|device)/, 'CAMERA_NOT_FOUND', 'no such device'],
  [/Not a V4L|Unknown file format|source module/, 'CAMERA_FORMAT', 'this is not a camera'],
];

/** fswebcam leaves with 0 even when it found no camera: what it wrote tells. */
function describeComplaint(complaint: string, child: ChildProcess): readonly [AgentErrorCode, string] {
  const [, code, words] = SIGNS.find(([sign]) => sign.test(complaint)) ?? [];
  if (code !== undefined && words !== undefined) return [code, words];
  const lines = stripVTControlCharacters(complaint).split('\n').filter(Boolean);
  const how = `fswebcam ended with ${child.signalCode ?? `exit status ${child.exitCode}`}`;
  return ['CAPTURE_FAILED', lines.slice(-2).join('; ') || `no picture: ${how}`];
}
