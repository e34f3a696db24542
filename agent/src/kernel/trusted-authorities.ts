import { getCACertificates } from 'node:tls';

let known: readonly string[] | undefined;

/** Who may vouch for a camera: the authorities that came with Node and those of this box (`update-ca-certificates`). */
export function trustedAuthorities(): readonly string[] {
  known ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  return known;
}

/** The variable that Node and OpenSSL know; ffmpeg may be built with another library and is told. */
export const authorityFile = (): string | undefined => process.env.SSL_CERT_FILE;
