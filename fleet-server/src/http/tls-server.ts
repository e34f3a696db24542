import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TlsListener } from '../identity/port.ts';

/** In ms, by their names in Fastify, which sets them on a server that it makes itself and on no other. */
export interface SocketLimits {
  readonly connectionTimeout: number;
  readonly keepAliveTimeout: number;
  readonly requestTimeout: number;
}

/**
 * Asks every client for a certificate and lets in those without a good one: people have none, and a box whose
 * certificate expired comes for a new one. Who it is, the guards decide.
 */
export function createTlsServerFactory(
  certificate: TlsListener['certificate'],
  { connectionTimeout, keepAliveTimeout, requestTimeout }: SocketLimits,
): (handler: RequestListener) => Server {
  const options = { requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' } as const;
  return (handler) => {
    const server = createServer({ ...certificate.current(), ...options }, handler);
    // Set afterwards: a server made without a limit for requests would have none for their headers either.
    server.keepAliveTimeout = keepAliveTimeout;
    server.requestTimeout = requestTimeout;
    server.setTimeout(connectionTimeout);
    certificate.onRenewed((material) => server.setSecureContext({ ...material, ...options }));
    return server;
  };
}
