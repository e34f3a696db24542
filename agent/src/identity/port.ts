import type { KeyObject } from 'node:crypto';

/** Who this box is to its fleet, after enrolment. */
export interface Identity {
  readonly deviceId: string;
  readonly fleet: string;
  readonly brokerUrl: string;
  /** What the box authenticates with on plain listeners; made on the box, never sent at enrolment. */
  readonly secret: string;
  /** Whose orders this box takes, the newest first. */
  readonly directorKeys: readonly KeyObject[];
}

/** What the box shows and trusts in a TLS handshake, PEM. */
export interface TlsCredentials {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

/** The credentials as they are now: a renewal replaces them. Undefined before the box has a certificate. */
export type CredentialSource = () => TlsCredentials | undefined;

/** Where the private key lives. A file today; a TPM signs inside and gives the TLS stack a handle. */
export interface DeviceKeyStore {
  /** SHA-256 of the public key's SPKI, hex: what people compare. */
  readonly fingerprint: string;
  /** For the TLS stack. */
  readonly tlsKey: string;
  /** PKCS #10, PEM, subject `CN=deviceId`. */
  makeCsr(deviceId: string): Promise<string>;
  /** ECDSA P-256 with SHA-256, DER, base64url. */
  sign(text: string): string;
}

/** The parts of `fetch` the agent uses. A body is text or bytes. */
export type Fetch = (
  url: string | URL,
  init?: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array<ArrayBuffer>;
    readonly signal?: AbortSignal;
  },
) => Promise<Response>;

/** `Authorization` header of this box. */
export function formatDeviceAuthorization(identity: Pick<Identity, 'deviceId' | 'secret'>): string {
  return `Basic ${btoa(`${identity.deviceId}:${identity.secret}`)}`;
}
