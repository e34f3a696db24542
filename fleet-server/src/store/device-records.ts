import type { FleetSettings } from '@watchpost/shared/config/fleet-settings.ts';
import type { DeviceState } from '@watchpost/shared/lifecycle/device.ts';
import type { Hardware } from '@watchpost/shared/messages/birth.ts';

export interface DeviceRecord {
  readonly id: string;
  readonly fleet: string;
  readonly state: DeviceState;
  /** SPKI, PEM. */
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly secretSha256: string;
  readonly hardware: Hardware;
  readonly enrolledAtMs: number;
}

export interface TokenRecord {
  readonly tokenSha256: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** The device that used it; a used token enrols that same device and key again, nobody else. */
  readonly usedBy?: string;
}

/** A certificate the server's authority issued to a device. */
export interface CertificateRecord {
  readonly serial: string;
  readonly deviceId: string;
  /** Of the certified key. */
  readonly fingerprint: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly revokedAtMs?: number;
}

/** What somebody set on a device. */
export interface DeviceConfigRecord {
  readonly deviceId: string;
  readonly version: number;
  readonly settings: FleetSettings;
  readonly actor: string;
  readonly atMs: number;
}

export interface DeviceStore {
  find(id: string): Promise<DeviceRecord | undefined>;
  list(): Promise<readonly DeviceRecord[]>;
  /** Over an older record of the same id. */
  save(device: DeviceRecord): Promise<void>;
  addToken(token: TokenRecord): Promise<void>;
  findToken(tokenSha256: string): Promise<TokenRecord | undefined>;
  /**
   * Marks the token used and writes the device, over an older record of the same id, in one transaction.
   * @returns false when the token is unknown, or was used by another device or for another key
   */
  enrol(device: DeviceRecord, tokenSha256: string): Promise<boolean>;
}

export interface CertificateStore {
  add(certificate: CertificateRecord): Promise<void>;
  /** Newest first. */
  list(deviceId: string): Promise<readonly CertificateRecord[]>;
  /** Whether the certificate, or the key whatever its certificate, was revoked. */
  isRevoked(what: { readonly serial?: string; readonly fingerprint: string }): Promise<boolean>;
  /**
   * Revokes every certificate of the device, and its key for ever.
   * @returns how many certificates that were good are so no more
   */
  revoke(device: Pick<DeviceRecord, 'id' | 'fingerprint'>, atMs: number): Promise<number>;
}

export interface DeviceConfigStore {
  /** Under the next version of the device: above every one before, and above `above`. */
  add(config: Omit<DeviceConfigRecord, 'version'>, above: number): Promise<DeviceConfigRecord>;
  /** Newest first. */
  list(deviceId: string, limit: number): Promise<readonly DeviceConfigRecord[]>;
  /** The newest of every device that has one. */
  latestOfAll(): Promise<readonly DeviceConfigRecord[]>;
}
