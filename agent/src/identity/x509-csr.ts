import 'reflect-metadata';
import { type KeyObject, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** PKCS #10 in PEM for a P-256 pair, signed by it. */
export async function makeCsr(
  pair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
  commonName: string,
): Promise<string> {
  const privateDer = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
  const publicDer = pair.publicKey.export({ type: 'spki', format: 'der' });
  const keys = {
    privateKey: await webcrypto.subtle.importKey('pkcs8', privateDer, P256, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', publicDer, P256, true, ['verify']),
  };
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: P256,
  });
  return request.toString('pem');
}
