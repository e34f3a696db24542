import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TlsListener } from '../identity/port.ts';

/**
 * Asks every client for a certificate and lets in those without a good one: people have none, and a box whose
 * certificate expired comes for a new one. Who it is, the guards decide.
 */
export function createTlsServerFactory(
  certificate: TlsListener['certificate'],
): (handler: RequestListener) => Server {
  const options = { requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' } as const;
  return (handler) => {
    const server = createServer({ ...certificate.current(), ...options }, handler);
    certificate.onRenewed((material) => server.setSecureContext({ ...material, ...options }));
    return server;
  };
}
