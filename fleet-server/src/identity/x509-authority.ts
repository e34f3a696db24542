import 'reflect-metadata';
import { createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  PublicKey,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import { serverError } from '../kernel/errors.ts';
import type { CertificateAuthority, CertificateRequest, IssuedCertificate } from './port.ts';
import { type AuthorityFile, P256 } from './x509-authority-file.ts';

export interface X509AuthorityDeps {
  readonly file: AuthorityFile;
  readonly nowMs: () => number;
  /** How long a box may use a certificate. Default: 30 days. */
  readonly deviceLifeMs?: number;
  /** Default: 90 days. */
  readonly serverLifeMs?: number;
}

const DAY_MS = 24 * 3_600_000;
const DEVICE_LIFE_MS = 30 * DAY_MS;
const SERVER_LIFE_MS = 90 * DAY_MS;
/** Clocks of brokers and boxes differ. */
const BACKDATE_MS = 5 * 60_000;

export function createX509Authority(deps: X509AuthorityDeps): CertificateAuthority {
  const { file, deviceLifeMs = DEVICE_LIFE_MS, serverLifeMs = SERVER_LIFE_MS } = deps;
  return {
    caPem: file.certificate.toString('pem'),
    readRequest,
    issueDevice: async (deviceId, publicKeyPem) =>
      issue(deps, {
        name: [{ CN: [deviceId] }],
        publicKey: new PublicKey(PemConverter.decodeFirst(publicKeyPem)),
        usage: ExtendedKeyUsage.clientAuth,
        lifeMs: deviceLifeMs,
        extensions: [],
      }),
    issueServer: async (hosts) => {
      const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
      const issued = await issue(deps, {
        name: [{ O: ['Watchpost'] }, { CN: ['Watchpost server'] }],
        publicKey: await PublicKey.create(keys.publicKey),
        usage: ExtendedKeyUsage.serverAuth,
        lifeMs: serverLifeMs,
        extensions: [new SubjectAlternativeNameExtension(hosts.map(toGeneralName))],
      });
      const key = PemConverter.encode(
        await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
        PemConverter.PrivateKeyTag,
      );
      const { certificatePem: cert, notAfterMs } = issued;
      return { key, cert, ca: file.certificate.toString('pem'), notAfterMs };
    },
  };
}

interface Wanted {
  readonly name: { [type: string]: string[] }[];
  readonly publicKey: PublicKey;
  readonly usage: ExtendedKeyUsage;
  readonly lifeMs: number;
  readonly extensions: readonly Extension[];
}

async function issue({ file, nowMs }: X509AuthorityDeps, wanted: Wanted): Promise<IssuedCertificate> {
  const serial = makeSerial();
  // Certificates count in whole seconds.
  const nowSec = Math.floor(nowMs() / 1000);
  const notBeforeMs = nowSec * 1000 - BACKDATE_MS;
  const notAfterMs = nowSec * 1000 + wanted.lifeMs;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial,
    subject: wanted.name,
    issuer: file.certificate.subject,
    notBefore: new Date(notBeforeMs),
    notAfter: new Date(notAfterMs),
    publicKey: wanted.publicKey,
    signingKey: file.signingKey,
    signingAlgorithm: P256,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([wanted.usage]),
      ...wanted.extensions,
    ],
  });
  return { certificatePem: certificate.toString('pem'), serial, notBeforeMs, notAfterMs };
}

/** 127 random bits, positive and of fixed length. */
function makeSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function toGeneralName(host: string): { readonly type: 'ip' | 'dns'; readonly value: string } {
  return { type: isIP(host) === 0 ? 'dns' : 'ip', value: host };
}

async function readRequest(csrPem: string, deviceId: string): Promise<CertificateRequest> {
  const request = await parseRequest(csrPem, deviceId);
  const refuse = (why: string) => serverError('PROOF_INVALID', `device ${deviceId}: the CSR ${why}`);
  if (request.subject !== `CN=${deviceId}`) throw refuse(`is for "${request.subject}"`);
  const key = createPublicKey(request.publicKey.toString('pem'));
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw refuse('is not for a P-256 key');
  const publicKeyPem = key.export({ type: 'spki', format: 'pem' }).toString();
  return { publicKeyPem, fingerprint: computeKeyId(key) };
}

async function parseRequest(csrPem: string, deviceId: string): Promise<Pkcs10CertificateRequest> {
  try {
    const request = new Pkcs10CertificateRequest(csrPem);
    if (await request.verify()) return request;
  } catch (cause) {
    throw serverError('PROOF_INVALID', `device ${deviceId}: the CSR cannot be read`, { cause });
  }
  throw serverError('PROOF_INVALID', `device ${deviceId}: the CSR is not signed by its key`);
}
