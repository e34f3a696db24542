import type { ConfigOrder } from '@watchpost/shared/trust/config-order.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import type { DeploymentRecord, DeviceConfigRecord } from '../store/port.ts';

/** @returns the order as a compact JWS */
export type OrderSigner = (order: Order) => Promise<string>;

export interface DeployOptions {
  /** Try the bundle again on a device where it failed before. */
  readonly liftQuarantine?: boolean;
}

/** @returns the document as a compact JWS */
export type ConfigSigner = (document: ConfigOrder) => Promise<string>;

/** Gives orders to devices. */
export interface Director {
  /**
   * Orders a device to run a bundle; the order waits for a device that is away.
   * @throws AppError NOT_FOUND for an unknown device or bundle | VERSION_STATE |
   * VERSION_WITHDRAWN | VERSION_UNSIGNED | STORE_FAILED
   */
  deploy(deviceId: string, bundleDigest: string, options?: DeployOptions): Promise<DeploymentRecord>;
  /** Gives the broker the newest order of every device again: it keeps them in memory only. */
  republishAll(): Promise<void>;
}

/** Sets devices. */
export interface Configurator {
  /**
   * Gives a device these settings, over its own; they wait for a device that is away. None: its own alone.
   * @param actor name of who does it
   * @throws AppError NOT_FOUND for an unknown device | SETTINGS_INVALID naming every problem | TRUST_REFUSED |
   * STORE_FAILED
   */
  set(deviceId: string, settings: unknown, actor: string): Promise<DeviceConfigRecord>;
  /** What was set, newest first. @throws AppError NOT_FOUND for an unknown device | STORE_FAILED */
  history(deviceId: string): Promise<readonly DeviceConfigRecord[]>;
  /** Gives the broker the newest document of every device again, signed anew: the key may be another one by now. */
  republishAll(): Promise<void>;
}
