import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request as openRequest } from 'node:https';
import { Readable } from 'node:stream';
import type { Fetch, TlsCredentials } from './port.ts';

/** What a handshake takes beside the trust store of Node. */
type Handshake = Partial<TlsCredentials>;

/** Answers without a body, which `Response` does not take one for. */
const BODILESS: readonly number[] = [204, 205, 304];

/**
 * `fetch` with a client certificate and an authority of our own, which Node's does not take. `handshake` is asked at each
 * request, so a renewed certificate counts from the next one on; connections are kept as long as it stays the same.
 * Addresses without TLS go the usual way.
 */
export function createTlsFetch(handshake: () => Handshake | undefined): Fetch {
  let agent = new Agent();
  let shown: Handshake | undefined;
  return async (address, init = {}) => {
    const url = new URL(address);
    if (url.protocol !== 'https:') return fetch(url, init);
    const now = handshake();
    if (now !== shown) {
      shown = now;
      agent = new Agent({ ...now, keepAlive: true, minVersion: 'TLSv1.2' });
    }
    const { method = 'GET', headers = {}, body, signal } = init;
    const request = openRequest(url, { method, headers, agent, ...(signal && { signal }) });
    // A connection that breaks in the middle of the answer is told by the body, and here too: unheard it ends the process.
    request.on('error', () => undefined);
    request.end(body);
    const [reply] = (await once(request, 'response')) as [IncomingMessage];
    return toResponse(reply, method);
  };
}

function toResponse(reply: IncomingMessage, method: string): Response {
  const { statusCode: status = 502, headersDistinct } = reply;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct))
    for (const value of values) headers.append(name, value);
  const hasBody = method !== 'HEAD' && !BODILESS.includes(status);
  if (!hasBody) reply.resume();
  return new Response(hasBody ? (Readable.toWeb(reply) as ReadableStream<Uint8Array>) : null, {
    status,
    headers,
  });
}
