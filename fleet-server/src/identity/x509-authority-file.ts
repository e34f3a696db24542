import 'reflect-metadata';
import { createPrivateKey, createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { serverError } from '../kernel/errors.ts';

/** The authority's key and certificate. */
export interface AuthorityFile {
  readonly certificate: X509Certificate;
  readonly signingKey: webcrypto.CryptoKey;
}

/** ECDSA on P-256: every TLS stack, broker and security chip speaks it. */
export const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const OWNER_ONLY = 0o600;
const LIFE_YEARS = 20;

/**
 * Key and certificate of the authority from one PEM file, made when there is none. Boxes trust only the authority they
 * were told, so a file that cannot be read is never replaced.
 * @throws AppError FILE_UNREADABLE
 */
export async function loadAuthorityFile(path: string, nowMs: number): Promise<AuthorityFile> {
  const pem = (await readIfThere(path)) ?? (await makeAuthority(path, nowMs));
  try {
    const privateKey = createPrivateKey(pem);
    const certificate = new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE-----')));
    requirePair(privateKey, certificate);
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    const signingKey = await webcrypto.subtle.importKey('pkcs8', der, P256, false, ['sign']);
    return { certificate, signingKey };
  } catch (cause) {
    throw serverError('FILE_UNREADABLE', `${path} is no P-256 key with its certificate in PEM`, { cause });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw serverError('FILE_UNREADABLE', `the certificate authority ${path} cannot be read`, { cause });
  }
}

async function makeAuthority(path: string, nowMs: number): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const notBefore = new Date(nowMs - 3_600_000);
  const notAfter = new Date(nowMs);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + LIFE_YEARS);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: [{ O: ['Watchpost'] }, { CN: ['Watchpost device authority'] }],
    keys,
    signingAlgorithm: P256,
    notBefore,
    notAfter,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const key = PemConverter.encode(
    await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
    PemConverter.PrivateKeyTag,
  );
  const pem = `${key}\n${certificate.toString('pem')}\n`;
  await writeFileAtomic(path, pem, OWNER_ONLY);
  return pem;
}

function requirePair(privateKey: KeyObject, certificate: X509Certificate): void {
  const own = createPublicKey(privateKey);
  if (!own.equals(createPublicKey(certificate.publicKey.toString('pem'))))
    throw new TypeError('the key is not that of the certificate');
}
