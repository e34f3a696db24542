import Type, { type Static } from 'typebox';
import type { Lifecycle } from './table.ts';

export const DeviceState = Type.Enum(['preauthorized', 'pending', 'accepted', 'rejected', 'decommissioned']);
export type DeviceState = Static<typeof DeviceState>;

export const DEVICE_LIFECYCLE: Lifecycle<DeviceState> = {
  preauthorized: ['accepted', 'rejected', 'decommissioned'],
  pending: ['accepted', 'rejected'],
  accepted: ['decommissioned'],
  rejected: ['pending'],
  decommissioned: [],
};

/** How a device stands to the fleet right now. `lost` = silent for so long that a person should look. */
export const ConnectionState = Type.Enum(['ready', 'degraded', 'updating', 'disconnected', 'lost']);
export type ConnectionState = Static<typeof ConnectionState>;
