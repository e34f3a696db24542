import type { AgentErrorCode } from '../kernel/errors.ts';
import { redactUrl } from './camera-url.ts';

/** How an ffmpeg went. */
export interface FfmpegExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last lines it wrote at level `error`. */
  readonly stderr: string;
  readonly ranForMs: number;
}

export interface StreamFailure {
  readonly code: AgentErrorCode;
  /** For people; without credentials. */
  readonly detail: string;
}

/** First match wins: a time-out inside TLS is a time-out, and `Input/output error` follows the true reason. */
const SIGNS: readonly (readonly [RegExp, AgentErrorCode])[] = [
  [/failed: 40[13]\b|401 Unauthorized|403 Forbidden/, 'CAMERA_AUTH'],
  [/failed: 404\b|404 Not Found|No such file or directory|No such device/, 'CAMERA_NOT_FOUND'],
  [/timed out/, 'CAMERA_TIMEOUT'],
  [/\[tls @|SSL routines|certificate/, 'CAMERA_TLS'],
  [/Connection refused|No route to host|unreachable|Failed to resolve hostname/, 'CAMERA_UNREACHABLE'],
  [/Connection reset|Broken pipe|: End of file/, 'CAMERA_UNREACHABLE'],
  [/Invalid data found|matches no streams|Could not find codec|Is a directory/, 'CAMERA_FORMAT'],
  [/Decoder .*not found|Inappropriate ioctl|Not a video capture device/, 'CAMERA_FORMAT'],
];

/** RTSP reports a silent camera as invalid data; that it took the whole time-out tells the two apart. */
const SILENT_RTSP = /rtsps?:\/\/\S+: Invalid data found|Impossible to open 'rtsps?:/;

/** What ffmpeg's last words mean; undefined when it said nothing and ended well. */
export function parseStreamFailure(exit: FfmpegExit, socketTimeoutMs: number): StreamFailure | undefined {
  const code = codeOf(exit, socketTimeoutMs);
  if (code !== undefined) return { code, detail: detailOf(exit.stderr) };
  if (exit.exitCode === 0) return undefined;
  const last = detailOf(exit.stderr);
  const how = exit.signal === null ? `exit status ${exit.exitCode}` : `signal ${exit.signal}`;
  return { code: 'CAPTURE_FAILED', detail: last === '' ? `ffmpeg ended with ${how}` : last };
}

function codeOf({ stderr, ranForMs }: FfmpegExit, socketTimeoutMs: number): AgentErrorCode | undefined {
  const code = SIGNS.find(([sign]) => sign.test(stderr))?.[1];
  const isSilence = code === 'CAMERA_FORMAT' && SILENT_RTSP.test(stderr) && ranForMs >= socketTimeoutMs;
  return isSilence ? 'CAMERA_TIMEOUT' : code;
}

/** The last three different lines, without ffmpeg's object addresses. */
function detailOf(stderr: string): string {
  const lines = stderr
    .split(/\r?\n/)
    .map((line) => line.replace(/^(\[[^\]]*\] *)+/, '').replace(/^pipe:0: |^file:/, ''))
    .filter((line) => line.trim() !== '');
  return redactUrl([...new Set(lines)].slice(-3).join('; ')).slice(0, 300);
}
