import Type, { type Static } from 'typebox';
import { Id, UnixMs } from '../kernel/ids.ts';
import { CommandId, CommandName } from '../messages/command.ts';
import { MAX_COMMAND_LIFE_MS } from '../trust/command-order.ts';

const closed = { additionalProperties: false } as const;
const Values = Type.Record(Type.String(), Type.Unknown());

/** `pending`: the device is away; `sent`: it was told, and has not replied yet; the others are ends. */
export const CommandState = Type.Enum(['pending', 'sent', 'done', 'failed', 'refused', 'expired']);
export type CommandState = Static<typeof CommandState>;

/** True while a reply may still come. */
export const isOpenCommand = (state: CommandState): boolean => state === 'pending' || state === 'sent';

/** POST /api/v1/devices/:id/commands */
export const CommandCreate = Type.Object(
  {
    name: CommandName,
    args: Type.Optional(Values),
    expiresSec: Type.Optional(
      Type.Integer({
        minimum: 5,
        maximum: MAX_COMMAND_LIFE_MS / 1000,
        description:
          'how long anybody waits for it; a device that is away is told when it comes back in time',
      }),
    ),
  },
  closed,
);
export type CommandCreate = Static<typeof CommandCreate>;

/** What a command brought that is no message: a picture, a diagnostics bundle. */
export const CommandFile = Type.Object(
  { contentType: Type.Enum(['image/jpeg', 'application/gzip']), sizeBytes: Type.Integer({ minimum: 1 }) },
  closed,
);
export type CommandFile = Static<typeof CommandFile>;

export const CommandView = Type.Object(
  {
    id: CommandId,
    deviceId: Id,
    name: CommandName,
    args: Values,
    state: CommandState,
    actor: Type.String(),
    createdAtMs: UnixMs,
    expiresAtMs: UnixMs,
    /** When the device was last told. */
    sentAtMs: Type.Optional(UnixMs),
    endedAtMs: Type.Optional(UnixMs),
    /** Error code, unless it is done. */
    code: Type.Optional(Type.String()),
    detail: Type.Optional(Type.String()),
    result: Type.Optional(Values),
    file: Type.Optional(CommandFile),
  },
  closed,
);
export type CommandView = Static<typeof CommandView>;

/** Newest first. */
export const CommandList = Type.Object({ commands: Type.Array(CommandView) }, closed);
export type CommandList = Static<typeof CommandList>;
