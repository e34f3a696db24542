import Type, { type Static } from 'typebox';
import { Id } from '../kernel/ids.ts';
import { Hardware } from './birth.ts';

/**
 * Device -> server, HTTPS POST /api/v1/enrol. The key pair and the broker secret are made on the box; the server
 * learns the public key and the secret's hash. `proof` is the Ed25519 signature (base64url) over
 * `enrolmentChallenge(...)`: whoever enrols holds the private key.
 */
export const EnrolRequest = Type.Object(
  {
    token: Type.String({ minLength: 16, maxLength: 128 }),
    deviceId: Id,
    /** SPKI, PEM. */
    publicKey: Type.String({ maxLength: 1024 }),
    /** SHA-256 of the secret the box will connect with, hex. */
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
  },
  { additionalProperties: false },
);
export type EnrolResponse = Static<typeof EnrolResponse>;

/** The text whose signature proves possession of the device key. */
export function enrolmentChallenge(
  request: Pick<EnrolRequest, 'token' | 'deviceId' | 'secretSha256'>,
): string {
  return `watchpost enrol v1\n${request.token}\n${request.deviceId}\n${request.secretSha256}`;
}
