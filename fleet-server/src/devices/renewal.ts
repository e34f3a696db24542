import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { type RenewalRequest, renewalChallenge } from '@watchpost/shared/messages/enrolment.ts';
import type { CertificateAuthority, Certification } from '../identity/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { DeviceStore } from '../store/port.ts';
import { requireProof } from './enrolment-proof.ts';
import type { Renewal } from './port.ts';

export interface RenewalDeps {
  readonly devices: Pick<DeviceStore, 'find'>;
  readonly authority: Pick<CertificateAuthority, 'readRequest'>;
  readonly certification: Certification;
  /** Told with every certificate: SPKI, PEM, the newest first. */
  readonly directorKey: string;
  readonly nowMs: () => number;
  readonly log: Logger;
}

const NONCE_LIFE_MS = 5 * 60_000;

/**
 * A nonce is its expiry under our HMAC, so that asking for one costs no memory; used ones are remembered until they
 * expire. The key lives as long as the process.
 */
class Nonces {
  readonly #key = randomBytes(32);
  readonly #used = new Map<string, number>();

  make(deviceId: string, expiresAtMs: number): string {
    const salt = randomBytes(16).toString('base64url');
    return `${expiresAtMs}.${salt}.${this.#seal(deviceId, `${expiresAtMs}.${salt}`)}`;
  }

  isGood(deviceId: string, nonce: string, nowMs: number): boolean {
    const [expiresAt = '', salt = '', seal = ''] = nonce.split('.');
    const expected = Buffer.from(this.#seal(deviceId, `${expiresAt}.${salt}`));
    const given = Buffer.from(seal);
    const isOurs = expected.length === given.length && timingSafeEqual(expected, given);
    return isOurs && Number(expiresAt) > nowMs && !this.#used.has(nonce);
  }

  use(nonce: string, nowMs: number): void {
    for (const [old, expiresAtMs] of this.#used) if (expiresAtMs <= nowMs) this.#used.delete(old);
    this.#used.set(nonce, nowMs + NONCE_LIFE_MS);
  }

  #seal(deviceId: string, text: string): string {
    return createHmac('sha256', this.#key).update(`${deviceId}\n${text}`).digest('base64url');
  }
}

export function createRenewal(deps: RenewalDeps): Renewal {
  const nonces = new Nonces();
  return {
    makeNonce: (deviceId) => {
      const expiresAtMs = deps.nowMs() + NONCE_LIFE_MS;
      return { nonce: nonces.make(deviceId, expiresAtMs), expiresAtMs };
    },
    renew: async (request) => {
      const device = await requireHolder(deps, request);
      if (!nonces.isGood(device.id, request.nonce, deps.nowMs()))
        throw serverError('NONCE_INVALID', `device ${device.id}: the nonce is not ours, used or expired`);
      nonces.use(request.nonce, deps.nowMs());
      deps.log.info({ deviceId: device.id, fingerprint: device.fingerprint }, 'certificate renewed');
      return { ...(await deps.certification.certify(device)), directorKey: deps.directorKey };
    },
  };
}

/** An accepted device that holds its enrolled key. @throws AppError DEVICE_REFUSED | KEY_REVOKED | PROOF_INVALID */
async function requireHolder(deps: RenewalDeps, request: RenewalRequest) {
  const { deviceId, csr, proof: signature } = request;
  const { fingerprint, publicKeyPem } = await deps.authority.readRequest(csr, deviceId);
  const device = await deps.devices.find(deviceId);
  if (device?.state !== 'accepted' || device.fingerprint !== fingerprint)
    throw serverError('DEVICE_REFUSED', `device ${deviceId} is not accepted with this key`);
  requireProof({ deviceId, challenge: renewalChallenge(request), signature }, publicKeyPem);
  if (await deps.certification.isRevoked(fingerprint))
    throw serverError('KEY_REVOKED', `the key of device ${deviceId} was revoked`);
  return device;
}
