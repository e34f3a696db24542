import { type Fetch, formatDeviceAuthorization, type Identity } from '../identity/port.ts';
import { agentError } from '../kernel/errors.ts';
import type { SendEvidence } from './port.ts';

export interface HttpEvidenceDeps {
  readonly serverUrl: string;
  readonly identity: Pick<Identity, 'deviceId' | 'secret'>;
  readonly fetch: Fetch;
}

const REQUEST_TIMEOUT_MS = 60_000;

/** Puts the file of a command on the server, as this box. */
export function createHttpEvidence({ serverUrl, identity, fetch: send }: HttpEvidenceDeps): SendEvidence {
  return async (commandId, { contentType, bytes }, signal) => {
    const url = new URL(`/api/v1/device/commands/${commandId}/file`, serverUrl);
    const response = await send(url, {
      method: 'PUT',
      body: new Uint8Array(bytes),
      headers: { 'content-type': contentType, authorization: formatDeviceAuthorization(identity) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    }).catch((cause: unknown) => {
      throw agentError('SERVER_UNREACHABLE', `sending a file to ${url.origin}`, { cause });
    });
    if (!response.ok)
      throw agentError('SERVER_UNREACHABLE', `${url.origin} answered ${response.status} to the file`);
  };
}
