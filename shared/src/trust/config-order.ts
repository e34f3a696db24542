import Type, { type Static } from 'typebox';
import { Id, UnixMs } from '../kernel/ids.ts';

/**
 * The director's word on how one device is set. Travels as a compact JWS (EdDSA). Of the settings only the shape is
 * checked here: which keys there are, the box that gets them knows best, and says so (see config/fleet-settings.ts).
 */
export const ConfigOrder = Type.Object(
  {
    deviceId: Id,
    /** Grows with every document of the device; one below a version the box has seen is a replay. */
    version: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    issuedAtMs: UnixMs,
    /** None: the box's own settings alone. */
    settings: Type.Record(Type.String(), Type.Unknown()),
  },
  { additionalProperties: false },
);
export type ConfigOrder = Static<typeof ConfigOrder>;

/** `typ` of the JWS header: neither is an order of a model taken for settings, nor settings for an order. */
export const CONFIG_TOKEN_TYPE = 'watchpost-config+jws';
