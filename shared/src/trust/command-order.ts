import Type, { type Static } from 'typebox';
import { Id, UnixMs } from '../kernel/ids.ts';
import { CommandId, CommandName } from '../messages/command.ts';

/**
 * The director's word that one device is to do something now. Travels as a compact JWS (EdDSA). Of the arguments only
 * the shape is checked here: the box knows which ones a command takes (see messages/command.ts).
 */
export const CommandOrder = Type.Object(
  {
    deviceId: Id,
    id: CommandId,
    name: CommandName,
    args: Type.Record(Type.String(), Type.Unknown()),
    /** Grows with every command of the device; one below a counter the box has seen is a replay. */
    counter: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    issuedAtMs: UnixMs,
    /** Nobody waits for the reply after this: what is not done by then is given up. */
    expiresMs: UnixMs,
  },
  { additionalProperties: false },
);
export type CommandOrder = Static<typeof CommandOrder>;

/** `typ` of the JWS header: a command is taken for no order or document, and neither of them for a command. */
export const COMMAND_TOKEN_TYPE = 'watchpost-command+jws';

/** A command nobody waits for longer; for a box that is off, it is sent when the box is back in time. */
export const MAX_COMMAND_LIFE_MS = 7 * 24 * 3_600_000;
