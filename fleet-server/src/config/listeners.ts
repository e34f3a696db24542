import { serverError } from '../kernel/errors.ts';
import type { ServerConfig } from './schema.ts';

/** @throws AppError PLAIN_REFUSED for listeners without TLS that others can reach */
export function requireSafeListeners({ plain, host }: Pick<ServerConfig, 'plain' | 'host'>): void {
  if (plain && !isLoopback(host))
    throw serverError(
      'PLAIN_REFUSED',
      `--plain does not go with --host ${host}: it is not the loopback address`,
    );
}

function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Names and addresses the certificate of the server is for; the first is what boxes are told. */
export function listTlsHosts(
  { tlsHosts, host }: Pick<ServerConfig, 'tlsHosts' | 'host'>,
  hostName: string,
): readonly string[] {
  const given = (tlsHosts ?? '').split(',').map((name) => name.trim());
  const own = host === '0.0.0.0' || host === '::' ? hostName : host;
  return [...new Set([...given.filter((name) => name !== ''), own, 'localhost', '127.0.0.1'])];
}
