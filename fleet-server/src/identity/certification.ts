import type { CertificateStore } from '../store/port.ts';
import type { CertificateAuthority, Certification } from './port.ts';

export interface CertificationDeps {
  readonly authority: Pick<CertificateAuthority, 'issueDevice' | 'caPem'>;
  readonly certificates: Pick<CertificateStore, 'add' | 'isRevoked'>;
}

export function createCertification({ authority, certificates }: CertificationDeps): Certification {
  return {
    certify: async ({ id, publicKey, fingerprint }) => {
      const issued = await authority.issueDevice(id, publicKey);
      const { serial, notBeforeMs, notAfterMs, certificatePem } = issued;
      await certificates.add({ serial, deviceId: id, fingerprint, notBeforeMs, notAfterMs });
      return { certificate: certificatePem, caCertificate: authority.caPem };
    },
    isRevoked: (fingerprint) => certificates.isRevoked({ fingerprint }),
  };
}
