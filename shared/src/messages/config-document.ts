import Type, { type Static } from 'typebox';
import { Sha256, UnixMs } from '../kernel/ids.ts';

/** What a signed document may take: about 64 cameras with all their settings. */
const MAX_TOKEN_CHARS = 131_072;

/** Server -> device, retained on desired/config: signed settings, a compact JWS (see trust/config-order.ts). */
export const DesiredConfig = Type.Object(
  { document: Type.String({ minLength: 16, maxLength: MAX_TOKEN_CHARS }) },
  { additionalProperties: false },
);
export type DesiredConfig = Static<typeof DesiredConfig>;

/**
 * What became of the newest document: in force, refused by the box, in force but given up again, or in force but for
 * what only counts after a restart.
 */
export const ConfigState = Type.Enum(['applied', 'rejected', 'reverted', 'pending_restart']);
export type ConfigState = Static<typeof ConfigState>;

const Version = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/** Device -> server, retained on reported/config: how the box is set. The settings stay on the box: their digest goes. */
export const ReportedConfig = Type.Object(
  {
    tsMs: UnixMs,
    /** The newest document that was judged; absent while there was none. */
    version: Type.Optional(Version),
    state: ConfigState,
    reason: Type.Optional(Type.String({ maxLength: 64 })),
    detail: Type.Optional(Type.String({ maxLength: 8192 })),
    /** The uppermost settings in force: a document of the fleet, or the box's own alone. */
    layer: Type.Enum(['fleet', 'local']),
    /** The document in force; absent for `local`. */
    inForce: Type.Optional(Version),
    /** SHA-256 of the canonical JSON of all settings in force. */
    digest: Sha256,
    /** Settings that wait for a restart of the agent. */
    restartNeeded: Type.Array(Type.String({ maxLength: 128 }), { maxItems: 128 }),
  },
  { additionalProperties: false },
);
export type ReportedConfig = Static<typeof ReportedConfig>;
