import { ErrorReply } from '@watchpost/shared/api/fleet.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { type Fetch, formatDeviceAuthorization, type Identity } from '../identity/port.ts';
import { agentError } from '../kernel/errors.ts';
import type { PutEvidence } from './port.ts';

export interface HttpPutEvidenceDeps {
  readonly serverUrl: string;
  readonly identity: Pick<Identity, 'deviceId' | 'secret'>;
  readonly fetch: Fetch;
}

const REQUEST_TIMEOUT_MS = 30_000;
/** Codes of the server: the sighting is still on its way to it; this picture is none it takes. */
const EARLY = 'EVENT_UNKNOWN';
const REFUSED = ['EVIDENCE_TAKEN', 'REQUEST_INVALID', 'DIGEST_MISMATCH', 'BODY_TOO_LARGE'];

const parseError = createJsonParser(ErrorReply, 'error reply');

/** Puts pictures of sightings on the server, as this box. */
export function createHttpPutEvidence({
  serverUrl,
  identity,
  fetch: send,
}: HttpPutEvidenceDeps): PutEvidence {
  return async (event, { number, offsetMs, jpeg }, signal) => {
    const url = new URL(`/api/v1/device/events/${event}/evidence/${number}`, serverUrl);
    url.search = new URLSearchParams({ sha256: sha256Hex(jpeg), offsetMs: String(offsetMs) }).toString();
    const response = await send(url, {
      method: 'PUT',
      body: new Uint8Array(jpeg),
      headers: { 'content-type': 'image/jpeg', authorization: formatDeviceAuthorization(identity) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    }).catch((cause: unknown) => {
      throw agentError('SERVER_UNREACHABLE', `sending a picture of sighting ${event} to ${url.origin}`, {
        cause,
      });
    });
    const text = await response.text().catch(() => '');
    if (response.ok) return 'stored';
    const code = readCode(text);
    if (code === EARLY) return 'early';
    if (code !== undefined && REFUSED.includes(code)) return 'refused';
    throw agentError('SERVER_UNREACHABLE', `${url.origin} answered ${response.status} to a picture`);
  };
}

/** @returns undefined for what no server of ours said */
function readCode(text: string): string | undefined {
  try {
    return parseError(text).code;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return undefined;
  }
}
