import type { Socket } from 'node:net';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { DeviceRecord } from '../store/port.ts';

/** What a box asks to have certified, after its own signature was checked. */
export interface CertificateRequest {
  /** SPKI, PEM. */
  readonly publicKeyPem: string;
  /** SHA-256 of the SPKI, hex. */
  readonly fingerprint: string;
}

/** A certificate the authority made. */
export interface IssuedCertificate {
  readonly certificatePem: string;
  /** Lower case hex. */
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Key and certificate of a listener. */
export interface TlsMaterial {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

/** Signs certificates of boxes and of this server; boxes trust nobody else. */
export interface CertificateAuthority {
  /** PEM. */
  readonly caPem: string;
  /**
   * Reads a PKCS #10 request whose subject is exactly `CN=deviceId` and whose key is P-256.
   * @throws AppError PROOF_INVALID
   */
  readRequest(csrPem: string, deviceId: string): Promise<CertificateRequest>;
  /** For TLS clients; the common name is the device id. */
  issueDevice(deviceId: string, publicKeyPem: string): Promise<IssuedCertificate>;
  /** For TLS servers of these names and addresses, with a new key. */
  issueServer(hosts: readonly string[]): Promise<TlsMaterial & Pick<IssuedCertificate, 'notAfterMs'>>;
}

/** The certificate this server shows, renewed by itself. */
export interface ServerCertificate extends Component {
  current(): TlsMaterial;
  /** Connections that stand are not touched. */
  onRenewed(listener: (material: TlsMaterial) => void): void;
}

/**
 * The accepted device whose certificate this connection shows: issued by our authority for its enrolled key, in its
 * dates, not revoked. Asked anew for each request: a revocation counts at once.
 */
export type ConnectionIdentifier = (socket: Socket) => Promise<string | undefined>;

/** What makes a listener a TLS listener. */
export interface TlsListener {
  readonly certificate: Pick<ServerCertificate, 'current' | 'onRenewed'>;
  readonly identify: ConnectionIdentifier;
}

/** What a box is given to speak TLS with. */
export interface DeviceCredentials {
  readonly certificate: string;
  readonly caCertificate: string;
}

/** Certificates of devices, from their making to their revocation. */
export interface Certification {
  /** Issues one for the device's key and notes it. @throws AppError STORE_FAILED */
  certify(device: Pick<DeviceRecord, 'id' | 'publicKey' | 'fingerprint'>): Promise<DeviceCredentials>;
  /** Whether a key is revoked, whatever its certificate. */
  isRevoked(fingerprint: string): Promise<boolean>;
}
