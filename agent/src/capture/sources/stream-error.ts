import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { AGENT_ERRORS, type AgentErrorCode } from '../../kernel/errors.ts';
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

/** What was wrong with a source, other than what ffmpeg says of it. @throws the error itself where it is a bug */
export function toStreamFailure(error: unknown): StreamFailure {
  if (!isAppError(error) || !(error.code in AGENT_ERRORS)) throw error;
  return { code: error.code as AgentErrorCode, detail: error.message };
}

interface Sign {
  readonly sign: RegExp;
  readonly code: AgentErrorCode;
  /** What it means, where ffmpeg does not say it in words of people. */
  readonly words?: string;
}

/** First match wins: a time-out inside TLS is a time-out, and `Input/output error` follows the true reason. */
const SIGNS: readonly Sign[] = [
  {
    sign: /failed: 401\b|401 Unauthorized/,
    code: 'CAMERA_AUTH',
    words: 'user and password are not accepted',
  },
  { sign: /failed: 403\b|403 Forbidden/, code: 'CAMERA_AUTH', words: 'this user may not see the stream' },
  {
    sign: /failed: (404|454)\b|404 Not Found/,
    code: 'CAMERA_NOT_FOUND',
    words: 'the camera has no such stream',
  },
  { sign: /No such file or directory|No such device/, code: 'CAMERA_NOT_FOUND' },
  {
    sign: /failed: 461\b|Nonmatching transport/,
    code: 'CAMERA_FORMAT',
    words: 'the camera does not send this way: set rtspTransport to the other one',
  },
  { sign: /failed: 453\b/, code: 'CAMERA_UNREACHABLE', words: 'the camera serves others already' },
  {
    sign: /failed: 5\d\d\b|returned 5XX/,
    code: 'CAMERA_UNREACHABLE',
    words: 'the camera answers with an error of its own',
  },
  { sign: /timed out/, code: 'CAMERA_TIMEOUT', words: 'no answer in time' },
  { sign: /\[tls @|SSL routines|certificate/, code: 'CAMERA_TLS', words: 'no TLS connection' },
  {
    sign: /Connection refused/,
    code: 'CAMERA_UNREACHABLE',
    words: 'nothing listens at this port',
  },
  {
    sign: /No route to host|unreachable/,
    code: 'CAMERA_UNREACHABLE',
    words: 'there is no way to this address',
  },
  {
    sign: /Failed to resolve hostname/,
    code: 'CAMERA_UNREACHABLE',
    words: 'the name of the camera is not known (DNS)',
  },
  {
    sign: /Connection reset|Broken pipe|: End of file/,
    code: 'CAMERA_UNREACHABLE',
    words: 'the camera closed the connection',
  },
  {
    sign: /Decoder .*not found|Unsupported codec|Could not find codec/,
    code: 'CAMERA_CODEC',
    words: 'nothing here decodes this kind of video',
  },
  { sign: /matches no streams/, code: 'CAMERA_FORMAT', words: 'there is no video in it' },
  { sign: /Invalid data found|Is a directory/, code: 'CAMERA_FORMAT' },
  {
    sign: /Inappropriate ioctl|Not a video capture device/,
    code: 'CAMERA_FORMAT',
    words: 'this is no camera',
  },
];

/** RTSP reports a silent camera as invalid data; that it took the whole time-out tells the two apart. */
const SILENT_RTSP = /rtsps?:\/\/\S+: Invalid data found|Impossible to open 'rtsps?:/;

const NO_ANSWER = { code: 'CAMERA_TIMEOUT', words: 'no answer in time' } as const;

/** What ffmpeg's last words mean; undefined when it said nothing and ended well. */
export function parseStreamFailure(exit: FfmpegExit, socketTimeoutMs: number): StreamFailure | undefined {
  const meaning = meaningOf(exit, socketTimeoutMs);
  const last = detailOf(exit.stderr);
  if (meaning !== undefined) {
    const { code, words } = meaning;
    return { code, detail: words === undefined ? last : `${words} (${last})` };
  }
  if (exit.exitCode === 0 && findUnopened(exit.stderr) === undefined) return undefined;
  const how = exit.signal === null ? `exit status ${exit.exitCode}` : `signal ${exit.signal}`;
  return { code: 'CAPTURE_FAILED', detail: last === '' ? `ffmpeg ended with ${how}` : last };
}

function meaningOf(
  { stderr, ranForMs }: FfmpegExit,
  socketTimeoutMs: number,
): Omit<Sign, 'sign'> | undefined {
  const found = SIGNS.find(({ sign }) => sign.test(stderr));
  const isSilence =
    found?.code === 'CAMERA_FORMAT' && SILENT_RTSP.test(stderr) && ranForMs >= socketTimeoutMs;
  return isSilence ? NO_ANSWER : found;
}

/** It left by itself, and said why; one that was killed or never started tells nothing of what it was to play. */
export const isTold = ({ exitCode, stderr }: FfmpegExit): boolean => exitCode !== null && stderr !== '';

const UNOPENED = /^.*Impossible to open 'file:(.*)'$/m;

/** A playlist is over with the first of its files that cannot be opened, often as if that were its end. */
export const findUnopened = (stderr: string): string | undefined => UNOPENED.exec(stderr)?.[1];

/** What a frame that comes behind it does not disprove: a playlist is read ahead of its frames. */
export function keepFatal(stderr: string): string {
  const at = stderr.search(UNOPENED);
  return at < 0 ? '' : stderr.slice(at);
}

/** The last three different lines, without ffmpeg's object addresses. */
function detailOf(stderr: string): string {
  const lines = stderr
    .split(/\r?\n/)
    .map((line) => line.replace(/^(\[[^\]]*\] *)+/, '').replace(/^pipe:0: |^file:/, ''))
    .map((line) => line.replace(/(in filtergraph description) .* (matches no streams)/, '$2'))
    .filter((line) => line.trim() !== '');
  return redactUrl([...new Set(lines)].slice(-3).join('; ')).slice(0, 300);
}
