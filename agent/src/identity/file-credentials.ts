import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readTextIfThere, writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { agentError } from '../kernel/errors.ts';
import { findDeviceKey } from './file-device-key.ts';
import { identityFiles } from './identity-files.ts';
import type { DeviceKeyStore, TlsCredentials } from './port.ts';

/** What a server answers a CSR with. */
export interface CertifiedKey {
  readonly certificate: string;
  readonly caCertificate: string;
}

/** Key and certificate of the box, as they are on disk. */
export interface FileCredentials {
  readonly key: DeviceKeyStore | undefined;
  current(): TlsCredentials | undefined;
  /** From here on, and after a restart. @throws AppError STORE_FAILED */
  replace(certified: CertifiedKey): Promise<void>;
}

const OWNER_ONLY = 0o600;

/**
 * A box that enrolled before there were certificates has none, and is known by its secret.
 * @throws AppError NOT_ENROLLED when the files are damaged
 */
export async function openFileCredentials(dataDir: string): Promise<FileCredentials> {
  const files = identityFiles(dataDir);
  let current: TlsCredentials | undefined;
  let key: DeviceKeyStore | undefined;
  try {
    key = await findDeviceKey(files.deviceKey);
    const text = await readTextIfThere(files.certificate);
    if (key !== undefined && text !== undefined) current = toCredentials(key, splitCertified(text));
  } catch (cause) {
    throw agentError('NOT_ENROLLED', `the certificate in ${files.folder} is damaged`, { cause });
  }
  return {
    key,
    current: () => current,
    replace: async (certified) => {
      if (key === undefined) throw new TypeError('there is no key this certificate is for');
      await writeCertified(files.certificate, certified);
      current = toCredentials(key, certified);
    },
  };
}

/** One file for certificate and authority: a power cut leaves a pair that fits. @throws AppError STORE_FAILED */
export async function writeCertified(path: string, certified: CertifiedKey): Promise<void> {
  try {
    await writeFileAtomic(path, joinCertified(certified), OWNER_ONLY);
  } catch (cause) {
    throw agentError('STORE_FAILED', `cannot keep the certificate ${path}`, { cause });
  }
}

/**
 * What a server answered is a certificate of this box's key, by the authority beside it.
 * @throws TypeError
 */
export function requireFit(
  { certificate, caCertificate }: CertifiedKey,
  deviceId: string,
  tlsKey: string,
): void {
  const own = new X509Certificate(certificate);
  const authority = new X509Certificate(caCertificate);
  if (own.subject !== `CN=${deviceId}`) throw new TypeError(`the certificate is for ${own.subject}`);
  if (!own.verify(authority.publicKey)) throw new TypeError('the certificate is not by the authority named');
  if (!own.checkPrivateKey(createPrivateKey(tlsKey)))
    throw new TypeError('the certificate is for another key');
}

function joinCertified({ certificate, caCertificate }: CertifiedKey): string {
  return `${certificate.trim()}\n${caCertificate.trim()}\n`;
}

function splitCertified(text: string): CertifiedKey {
  const [certificate, caCertificate] =
    text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificate === undefined || caCertificate === undefined)
    throw new TypeError('two certificates are needed');
  return { certificate, caCertificate };
}

function toCredentials(key: DeviceKeyStore, { certificate, caCertificate }: CertifiedKey): TlsCredentials {
  return { key: key.tlsKey, cert: certificate, ca: caCertificate };
}
