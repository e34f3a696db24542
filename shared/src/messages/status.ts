import Type, { type Static } from 'typebox';
import { UnixMs } from '../kernel/ids.ts';

/**
 * Device -> fleet, retained; the `offline` form is the last will. `session` is drawn at each connection, so a
 * late will of an old connection cannot mark a new one offline.
 */
export const DeviceStatus = Type.Object(
  {
    state: Type.Enum(['online', 'offline', 'stopped']),
    session: Type.String({ minLength: 1, maxLength: 64 }),
    tsMs: UnixMs,
  },
  { additionalProperties: false },
);
export type DeviceStatus = Static<typeof DeviceStatus>;
