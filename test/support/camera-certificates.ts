import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface CameraCertificate {
  readonly key: string;
  readonly cert: string;
}

/** Its own certificate is for no address. */
export interface CameraAuthority extends CameraCertificate {
  issue(options?: { readonly ip?: string; readonly days?: number }): Promise<CameraCertificate>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
let serial = 1;

const generateKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

async function toPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
}

/** An authority for the cameras of a test; `days` below 0 makes a certificate that has expired. */
export async function createCameraAuthority(): Promise<CameraAuthority> {
  const keys = await generateKeys();
  const name = 'CN=Cameras of a test';
  const own = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name,
    keys,
    notBefore: new Date(Date.now() - 100 * DAY_MS),
    notAfter: new Date(Date.now() + 100 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    key: await toPem(keys.privateKey),
    cert: own.toString('pem'),
    async issue({ ip = '127.0.0.1', days = 30 } = {}) {
      const camera = await generateKeys();
      serial += 1;
      const certificate = await X509CertificateGenerator.create({
        serialNumber: serial.toString(16).padStart(4, '0'),
        subject: 'CN=camera',
        issuer: name,
        publicKey: camera.publicKey,
        signingKey: keys.privateKey,
        notBefore: new Date(Date.now() - 60 * DAY_MS),
        notAfter: new Date(Date.now() + days * DAY_MS),
        signingAlgorithm: ALGORITHM,
        extensions: [new SubjectAlternativeNameExtension([{ type: 'ip', value: ip }])],
      });
      return { key: await toPem(camera.privateKey), cert: certificate.toString('pem') };
    },
  };
}
