import Type, { type Static } from 'typebox';
import { Id, UnixMs } from '../kernel/ids.ts';
import { Hardware } from './birth.ts';

/** Text in PEM armour. */
const Pem = Type.String({ maxLength: 16_384 });

/**
 * Device -> server, HTTPS POST /api/v1/enrol. The key pair and the secret for plain listeners are made on the box; the
 * server learns the public key, in the CSR, and the secret's hash. `proof` is the signature (ECDSA P-256 with SHA-256,
 * DER, base64url) over `enrolmentChallenge(...)`: it ties token and secret to the key.
 */
export const EnrolRequest = Type.Object(
  {
    /** Without one, the box is on the preauthorised list, or waits until a person accepts it. */
    token: Type.Optional(Type.String({ minLength: 16, maxLength: 128 })),
    deviceId: Id,
    /** PKCS #10, PEM; its subject is `CN=<deviceId>`, its key P-256. */
    csr: Type.String({ maxLength: 4096 }),
    /** SHA-256 of the secret, hex. */
    secretSha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    proof: Type.String({ maxLength: 256 }),
    agentVersion: Type.String(),
    hardware: Hardware,
  },
  { additionalProperties: false },
);
export type EnrolRequest = Static<typeof EnrolRequest>;

export const EnrolResponse = Type.Object(
  {
    deviceId: Id,
    fleet: Id,
    /** mqtt:// or mqtts:// */
    brokerUrl: Type.String(),
    /** Who may give orders to this box: the director's Ed25519 public keys (SPKI, PEM), one after the other, the newest first. */
    directorKey: Type.String(),
    /** The box's, for TLS; its common name is the device id. */
    certificate: Pem,
    /** The authority of the fleet: whom the box trusts as server and broker. */
    caCertificate: Pem,
  },
  { additionalProperties: false },
);
export type EnrolResponse = Static<typeof EnrolResponse>;

/** The answer (202) to a box without a token that nobody accepted yet: it asks again. */
export const EnrolPending = Type.Object(
  {
    deviceId: Id,
    /** What the person who accepts compares with the box. */
    fingerprint: Type.String(),
    retryInSec: Type.Integer({ minimum: 1, maximum: 3600 }),
  },
  { additionalProperties: false },
);
export type EnrolPending = Static<typeof EnrolPending>;

/** The text whose signature proves possession of the device key. */
export function enrolmentChallenge(
  request: Pick<EnrolRequest, 'token' | 'deviceId' | 'secretSha256'>,
): string {
  return `watchpost enrol v1\n${request.token ?? ''}\n${request.deviceId}\n${request.secretSha256}`;
}

/** Device -> server, POST /api/v1/device/certificate/nonce. */
export const NonceRequest = Type.Object({ deviceId: Id }, { additionalProperties: false });

export const NonceReply = Type.Object(
  { nonce: Type.String({ maxLength: 128 }), expiresAtMs: UnixMs },
  { additionalProperties: false },
);
export type NonceReply = Static<typeof NonceReply>;

/**
 * Device -> server, POST /api/v1/device/certificate. Good for an accepted device whose key is not revoked, whether its
 * certificate still holds or has expired long ago: `proof` is the signature, by the enrolled key, over
 * `renewalChallenge(...)` with a nonce of the server that is used once.
 */
export const RenewalRequest = Type.Object(
  {
    deviceId: Id,
    csr: Type.String({ maxLength: 4096 }),
    nonce: Type.String({ maxLength: 128 }),
    proof: Type.String({ maxLength: 256 }),
  },
  { additionalProperties: false },
);
export type RenewalRequest = Static<typeof RenewalRequest>;

export const RenewalReply = Type.Object(
  {
    certificate: Pem,
    caCertificate: Pem,
    /** As at enrolment: it changes when the key of the director is followed by another. */
    directorKey: Type.Optional(Pem),
  },
  { additionalProperties: false },
);
export type RenewalReply = Static<typeof RenewalReply>;

export function renewalChallenge(request: Pick<RenewalRequest, 'deviceId' | 'nonce'>): string {
  return `watchpost renew v1\n${request.deviceId}\n${request.nonce}`;
}
