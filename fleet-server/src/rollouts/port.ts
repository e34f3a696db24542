import type { Order } from '@watchpost/shared/trust/order.ts';
import type { DeploymentRecord } from '../store/port.ts';

/** @returns the order as a compact JWS */
export type OrderSigner = (order: Order) => Promise<string>;

export interface DeployOptions {
  /** Try the bundle again on a device where it failed before. */
  readonly liftQuarantine?: boolean;
}

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
