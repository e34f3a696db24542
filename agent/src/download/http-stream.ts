import { AppError } from '@watchpost/shared/kernel/errors.ts';
import type { Fetch } from '../identity/port.ts';
import { agentError } from '../kernel/errors.ts';
import { TryLaterError } from './port.ts';
import { parseRetryAfterMs } from './retry-after.ts';
import { NO_THROUGHPUT, observeChunk, type ThroughputPolicy } from './throughput.ts';

export interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** A connection without a byte for this long is given up. */
  readonly stallMs: number;
  /** So is one that is slower than this: it could drip for ever. There is no limit to the whole. */
  readonly slowest?: ThroughputPolicy;
  /** Default: the one of Node. */
  readonly fetch?: Fetch | undefined;
}

export interface HttpStream {
  readonly status: number;
  readonly headers: Headers;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** For an answer whose chunks nobody reads. */
  discard(): Promise<void>;
}

const SLOWEST: ThroughputPolicy = { minBytesPerSec: 1024, windowMs: 60_000 };

/**
 * GET, as a stream. Statuses in `expected` are the caller's to judge.
 * @throws AppError SERVER_UNREACHABLE | DOWNLOAD_FAILED | BUNDLE_FILE_MISSING
 */
export async function openHttpStream(request: HttpRequest, expected: readonly number[]): Promise<HttpStream> {
  const stall = createStallGuard(request.stallMs);
  const response = await answerOf(request, stall);
  const discard = async (): Promise<void> => response.body?.cancel();
  if (expected.includes(response.status)) {
    const chunks = readChunks(response, request, stall);
    return { status: response.status, headers: response.headers, chunks, discard };
  }
  await discard();
  throw statusError(response, request.url);
}

async function answerOf(request: HttpRequest, stall: StallGuard): Promise<Response> {
  const { url, headers, signal, fetch: get = fetch } = request;
  stall.arm();
  try {
    return await get(url, {
      // Compressed bytes could not be resumed.
      headers: { ...headers, 'accept-encoding': 'identity' },
      signal: AbortSignal.any([signal, stall.signal]),
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw agentError('SERVER_UNREACHABLE', `no answer to ${url}`, { cause });
  } finally {
    stall.disarm();
  }
}

async function* readChunks(
  { body }: Response,
  { url, signal, slowest = SLOWEST }: HttpRequest,
  stall: StallGuard,
): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  let throughput = NO_THROUGHPUT;
  try {
    for (;;) {
      stall.arm();
      const askedAtMs = performance.now();
      const { done, value } = await reader.read();
      // The time the receiver takes for a chunk is not the sender's.
      stall.disarm();
      if (done) return;
      const chunk = { bytes: value.length, waitedMs: performance.now() - askedAtMs };
      const observed = observeChunk(throughput, chunk, slowest);
      if (observed === undefined) throw tooSlow(url, slowest);
      throughput = observed;
      yield value;
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof AppError) throw cause;
    const how = stall.signal.aborted ? 'stalled' : 'broke off';
    throw agentError('DOWNLOAD_FAILED', `the answer to ${url} ${how}`, { cause });
  } finally {
    stall.disarm();
    await reader.cancel().catch(() => undefined);
  }
}

function tooSlow(url: string, { minBytesPerSec, windowMs }: ThroughputPolicy): AppError {
  const pace = `under ${minBytesPerSec} bytes a second over ${Math.round(windowMs / 1000)} s`;
  return agentError('DOWNLOAD_FAILED', `the answer to ${url} stalled: ${pace}`);
}

function statusError({ status, headers }: Response, url: string): AppError {
  if (status === 404 || status === 410) {
    return agentError('BUNDLE_FILE_MISSING', `the server does not have ${url}`);
  }
  const isBusy = status >= 500 || status === 429;
  const error = agentError(isBusy ? 'SERVER_UNREACHABLE' : 'DOWNLOAD_FAILED', `HTTP ${status} from ${url}`);
  const pauseMs = parseRetryAfterMs(headers.get('retry-after'), Date.now());
  return pauseMs === undefined ? error : new TryLaterError(error, pauseMs);
}

interface StallGuard {
  readonly signal: AbortSignal;
  arm(): void;
  disarm(): void;
}

function createStallGuard(stallMs: number): StallGuard {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    arm: () => {
      timer = setTimeout(() => controller.abort(), stallMs);
    },
    disarm: () => clearTimeout(timer),
  };
}
