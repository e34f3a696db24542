import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { CameraConfig } from '../config/schema.ts';
import type { StreamFormat } from './port.ts';

const LIMIT_MS = 15_000;
const SOCKET_TIMEOUT_US = '8000000';
const PROTOCOLS = 'pipe,fd,tcp,udp,rtp,srtp,rtsp,rtsps,tls,http,https,httpproxy,crypto';
const ENTRIES = 'stream=codec_name,width,height,avg_frame_rate';

/**
 * What the stream of a camera says of itself.
 * @param address of a network camera, with its credentials
 * @returns undefined when ffprobe cannot tell
 */
export async function probeFormat(
  camera: CameraConfig,
  address: string | undefined,
  signal: AbortSignal,
): Promise<StreamFormat | undefined> {
  const { args, stdin } = planInput(camera, address);
  const child = spawn(
    'ffprobe',
    ['-v', 'error', '-select_streams', 'v:0', '-show_entries', ENTRIES, '-of', 'json', ...args],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
      killSignal: 'SIGKILL',
    },
  );
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const gone = once(child, 'close').catch(() => undefined);
  const told = await text(child.stdout).catch(() => '');
  await gone;
  return parseFormat(told);
}

/** An address may hold a password, so it goes in on standard input, as a one-line play list. */
function planInput(
  { device, file, rtspTransport }: CameraConfig,
  address: string | undefined,
): { readonly args: readonly string[]; readonly stdin: string } {
  if (address === undefined) {
    const args = device === undefined ? ['-i', `file:${file ?? ''}`] : ['-f', 'v4l2', '-i', device];
    return { args, stdin: '' };
  }
  const quoted = address.replace(/[\s'\\]/g, encodeURIComponent).replaceAll("'", '%27');
  const options = address.startsWith('rtsp')
    ? [`option rtsp_transport ${rtspTransport}`, `option timeout ${SOCKET_TIMEOUT_US}`]
    : [`option rw_timeout ${SOCKET_TIMEOUT_US}`];
  return {
    args: ['-f', 'concat', '-safe', '0', '-protocol_whitelist', PROTOCOLS, '-i', 'pipe:0'],
    stdin: ['ffconcat version 1.0', `file '${quoted}'`, ...options, ''].join('\n'),
  };
}

interface ProbedStream {
  readonly codec_name?: unknown;
  readonly width?: unknown;
  readonly height?: unknown;
  readonly avg_frame_rate?: unknown;
}

function parseFormat(json: string): StreamFormat | undefined {
  const stream = firstStream(json);
  const { codec_name: codec, width, height } = stream ?? {};
  if (typeof codec !== 'string' || typeof width !== 'number' || typeof height !== 'number') return undefined;
  const [frames = 0, seconds = 0] = String(stream?.avg_frame_rate).split('/').map(Number);
  const framesPerSec = frames / seconds;
  return { codec, width, height, ...(framesPerSec > 0 && framesPerSec < 1000 && { framesPerSec }) };
}

function firstStream(json: string): ProbedStream | undefined {
  try {
    return (JSON.parse(json) as { readonly streams?: readonly ProbedStream[] }).streams?.[0];
  } catch {
    // It printed nothing, or was ended.
    return undefined;
  }
}
