import type { KeyObject } from 'node:crypto';

/** Who this box is to its fleet, after enrolment. */
export interface Identity {
  readonly deviceId: string;
  readonly fleet: string;
  readonly brokerUrl: string;
  /** What the box authenticates with, at the broker and over HTTPS; made on the box, never sent at enrolment. */
  readonly secret: string;
  /** Whose orders this box takes, the newest first. */
  readonly directorKeys: readonly KeyObject[];
}

/** `Authorization` header of this box. */
export function formatDeviceAuthorization(identity: Pick<Identity, 'deviceId' | 'secret'>): string {
  return `Basic ${btoa(`${identity.deviceId}:${identity.secret}`)}`;
}
