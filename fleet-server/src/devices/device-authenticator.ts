import { timingSafeEqual } from 'node:crypto';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { DeviceAuthenticator } from '../broker/port.ts';
import type { Certification } from '../identity/port.ts';
import type { DeviceStore } from '../store/port.ts';

/** Compared when the device is unknown, so that the answer takes as long. */
const NO_HASH = '0'.repeat(64);

/**
 * For plain listeners. Secrets are random and long (the box makes them), so a plain hash is enough. A revoked key takes
 * the secret with it.
 */
export function createDeviceAuthenticator(
  devices: Pick<DeviceStore, 'find'>,
  isRevoked: Certification['isRevoked'],
): DeviceAuthenticator {
  return async (deviceId, secret) => {
    const device = await devices.find(deviceId);
    const isSecret = timingSafeEqual(
      Buffer.from(sha256Hex(secret)),
      Buffer.from(device?.secretSha256 ?? NO_HASH),
    );
    return isSecret && device?.state === 'accepted' && !(await isRevoked(device.fingerprint));
  };
}
