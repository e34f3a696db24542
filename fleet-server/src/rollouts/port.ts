import type {
  RolloutExplanation,
  RolloutJournalPage,
  RolloutList,
  RolloutMemberPage,
  RolloutPlanRequest,
  RolloutPreview,
  RolloutRequest,
  RolloutRetryRequest,
  RolloutView,
} from '@watchpost/shared/api/rollouts.ts';
import type { AppError } from '@watchpost/shared/kernel/errors.ts';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { MaintenanceWindow } from '@watchpost/shared/rollout/policy.ts';
import type { ConfigOrder } from '@watchpost/shared/trust/config-order.ts';
import type { Order, OrderType } from '@watchpost/shared/trust/order.ts';
import type { AuditActor } from '../audit/port.ts';
import type { DeploymentRecord, DeviceConfigRecord } from '../store/port.ts';

/** What a person may do to a rollout. */
export const ROLLOUT_ACTIONS = [
  'approve',
  'deny',
  'start',
  'pause',
  'resume',
  'stop',
  'rollback',
  'skip-group',
  'retry',
] as const;
export type RolloutActionName = (typeof ROLLOUT_ACTIONS)[number];

/** @returns the order as a compact JWS */
export type OrderSigner = (order: Order) => Promise<string>;

export interface DeployOptions {
  /** Try the bundle again on a device where it failed before. */
  readonly liftQuarantine?: boolean;
  /** Default: forced. The device must be known to carry it out. */
  readonly type?: OrderType;
  /** Of a soft order: from then on the device installs, quiet or not. */
  readonly softUntilMs?: number;
}

/** @returns the document as a compact JWS */
export type ConfigSigner = (document: ConfigOrder) => Promise<string>;

export interface DeviceOrder extends DeployOptions {
  readonly deviceId: string;
  readonly bundleDigest: string;
}

/** Orders, signed and not stored yet, and why others were not signed. */
export interface SignedOrders {
  /** Of the orders that are not refused, in their order. */
  readonly deployments: readonly DeploymentRecord[];
  readonly refusals: readonly { readonly deviceId: string; readonly error: AppError }[];
}

/** Gives orders to devices. */
export interface Director {
  /**
   * Orders a device to run a bundle; the order waits for a device that is away.
   * @throws AppError NOT_FOUND for an unknown device or bundle | VERSION_STATE |
   * VERSION_WITHDRAWN | VERSION_UNSIGNED | STORE_FAILED
   */
  deploy(deviceId: string, bundleDigest: string, options?: DeployOptions): Promise<DeploymentRecord>;
  /**
   * Orders many devices. `save` stores what was signed, all or none, before anything is sent; where it returns false,
   * nothing is.
   * @throws AppError STORE_FAILED
   */
  deployAll(
    orders: readonly DeviceOrder[],
    save: (signed: SignedOrders) => Promise<boolean>,
  ): Promise<readonly DeploymentRecord[]>;
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

/** When a maintenance window is open. */
export interface WindowClock {
  /** @throws AppError ROLLOUT_INVALID for a schedule or a time zone that is none */
  check(window: MaintenanceWindow): void;
  /** @param timezone of the site of the device, where the window names none of its own */
  look(window: MaintenanceWindow, timezone: string, nowMs: number): WindowTimes;
}

/** When a maintenance window opens next or, while it is open, closes; neither where there is none. */
export interface WindowTimes {
  readonly windowOpensAtMs?: number;
  readonly windowClosesAtMs?: number;
}

/** Campaigns that bring devices to a bundle. `by` is the name of a user. */
export interface Rollouts {
  /** What a rollout would do; nothing is stored. @throws as `create` */
  plan(request: RolloutPlanRequest): Promise<RolloutPreview>;
  /**
   * @throws AppError NOT_FOUND | VERSION_STATE | ROLLOUT_INVALID | FILTER_INVALID | STORE_FAILED
   */
  create(request: RolloutRequest, actor: AuditActor): Promise<RolloutView>;
  list(query: { readonly before?: number | undefined; readonly limit: number }): Promise<RolloutList>;
  /** @throws AppError NOT_FOUND, as all below */
  show(id: string): Promise<RolloutView>;
  members(
    id: string,
    query: {
      readonly group?: number | undefined;
      readonly state?: DeploymentState | undefined;
      readonly after?: number | undefined;
      readonly limit: number;
    },
  ): Promise<RolloutMemberPage>;
  journal(id: string, query: { readonly after: number; readonly limit: number }): Promise<RolloutJournalPage>;
  explain(id: string): Promise<RolloutExplanation>;
  /** @throws AppError ROLLOUT_STATE | ROLLOUT_BUSY | APPROVER_IS_AUTHOR */
  act(
    id: string,
    name: RolloutActionName,
    request: RolloutRetryRequest,
    actor: AuditActor,
  ): Promise<RolloutView>;
}
