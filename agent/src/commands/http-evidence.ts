import { type BackoffPolicy, computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import type { AppError } from '@watchpost/shared/kernel/errors.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import { type Fetch, formatDeviceAuthorization, type Identity } from '../identity/port.ts';
import { agentError } from '../kernel/errors.ts';
import type { Evidence, SendEvidence } from './port.ts';

export interface HttpEvidenceDeps {
  readonly serverUrl: string;
  readonly identity: Pick<Identity, 'deviceId' | 'secret'>;
  readonly fetch: Fetch;
  readonly random01: () => number;
  /** Default: 1 s to 4 s. */
  readonly backoff?: BackoffPolicy;
}

const REQUEST_TIMEOUT_MS = 60_000;
const BACKOFF: BackoffPolicy = { baseMs: 1_000, maxMs: 4_000 };
/** Enough for a server that starts anew; whoever asked waits for the outcome. */
const ATTEMPTS = 4;
const BUSY = [408, 429];

/** Why a file was not taken. */
interface Failure {
  readonly error: AppError;
  /** The same file may be taken in a moment. */
  readonly mayPass: boolean;
}

/** Puts the file of a command on the server, as this box. */
export function createHttpEvidence(deps: HttpEvidenceDeps): SendEvidence {
  const { random01, backoff = BACKOFF } = deps;
  return async (commandId, evidence, signal) => {
    for (let attempt = 1; ; attempt += 1) {
      const failure = await put(deps, commandId, evidence, signal);
      if (failure === undefined) return;
      if (!failure.mayPass || attempt === ATTEMPTS || signal.aborted) throw failure.error;
      await waitMs(computeBackoffMs(backoff, attempt - 1, random01()), signal);
    }
  };
}

/** @returns undefined when the server has it */
async function put(
  { serverUrl, identity, fetch: send }: HttpEvidenceDeps,
  commandId: string,
  { contentType, bytes }: Evidence,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const url = new URL(`/api/v1/device/commands/${commandId}/file`, serverUrl);
  try {
    const { ok, status } = await send(url, {
      method: 'PUT',
      body: new Uint8Array(bytes),
      headers: { 'content-type': contentType, authorization: formatDeviceAuthorization(identity) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    if (ok) return undefined;
    const error = agentError('SERVER_UNREACHABLE', `${url.origin} answered ${status} to the file`);
    return { error, mayPass: status >= 500 || BUSY.includes(status) };
  } catch (cause) {
    const error = agentError('SERVER_UNREACHABLE', `sending a file to ${url.origin}`, { cause });
    return { error, mayPass: true };
  }
}
