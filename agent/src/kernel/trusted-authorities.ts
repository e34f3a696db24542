import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, getCACertificates, type PeerCertificate } from 'node:tls';

let known: readonly string[] | undefined;

/** Who may vouch for a camera: the authorities that came with Node and those of this box (`update-ca-certificates`). */
export function trustedAuthorities(): readonly string[] {
  known ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  return known;
}

let fingerprints: ReadonlySet<string> | undefined;

/**
 * Most cameras sign their own certificate, for a name that is not their address: one that somebody put among those this
 * box trusts stands for its camera all the same.
 */
export function checkCameraIdentity(host: string, peer: PeerCertificate): Error | undefined {
  const mismatch = checkServerIdentity(host, peer);
  if (mismatch === undefined) return undefined;
  fingerprints ??= new Set(trustedAuthorities().map((pem) => new X509Certificate(pem).fingerprint256));
  return fingerprints.has(peer.fingerprint256) ? undefined : mismatch;
}

/** The variable that Node and OpenSSL know; ffmpeg may be built with another library and is told. */
export const authorityFile = (): string | undefined => process.env.SSL_CERT_FILE;
