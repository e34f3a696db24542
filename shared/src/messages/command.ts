import Type, { type Static } from 'typebox';
import { Id } from '../kernel/ids.ts';
import { createProblemFinder, type Problem } from '../kernel/parse.ts';
import { EventId } from './evidence.ts';

const closed = { additionalProperties: false } as const;
const OfCamera = Type.Object({ camera: Id }, closed);
const Nothing = Type.Object({}, closed);

/** Parts of a diagnostics bundle. */
export const DIAGNOSTICS_PARTS = ['doctor', 'log', 'settings', 'records'] as const;
export const MAX_LOG_LINES = 2_000;

/** What each command is told. */
export const COMMAND_ARGS = {
  /** The latest picture of a camera. */
  snapshot: OfCamera,
  /** The pictures the box kept of a sighting, by the id of its events. */
  evidence: Type.Object({ event: EventId }, closed),
  /** The running model through the self-test once more. */
  selftest: Nothing,
  /** How many frames a second the running model does, as it is run. */
  benchmark: Nothing,
  'restart-camera': OfCamera,
  'restart-agent': Nothing,
  /** Another log level for a while. */
  loglevel: Type.Object(
    {
      level: Type.Enum(['debug', 'info', 'warn', 'error']),
      minutes: Type.Integer({ minimum: 1, maximum: 1_440 }),
    },
    closed,
  ),
  /** All parts where none is named. */
  diagnostics: Type.Object(
    {
      parts: Type.Optional(
        Type.Array(Type.Enum([...DIAGNOSTICS_PARTS]), { minItems: 1, maxItems: 4, uniqueItems: true }),
      ),
      lines: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LOG_LINES })),
    },
    closed,
  ),
} as const;

export type CommandName = keyof typeof COMMAND_ARGS;
export type CommandArgs<N extends CommandName> = Static<(typeof COMMAND_ARGS)[N]>;
export const COMMAND_NAMES = Object.keys(COMMAND_ARGS) as readonly CommandName[];
export const CommandName = Type.Enum(COMMAND_NAMES as CommandName[]);
export const isCommandName = (text: string): text is CommandName => Object.hasOwn(COMMAND_ARGS, text);

const FINDERS = Object.fromEntries(
  COMMAND_NAMES.map((name) => [name, createProblemFinder(COMMAND_ARGS[name])]),
) as Readonly<Record<CommandName, (input: unknown) => readonly Problem[]>>;

/** What is wrong with what a command is told; nothing when it is sound. */
export const findArgsProblems = (name: CommandName, args: unknown): readonly Problem[] => FINDERS[name](args);

/** Correlates a reply with its command. */
export const CommandId = Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$' });

/** Server -> device on cmd/<name>, never retained: the signed command, a compact JWS (see trust/command-order.ts). */
export const CommandRequest = Type.Object(
  {
    /** In clear, so that a command that is not genuine can be refused by its name; must be the one that was signed. */
    id: CommandId,
    command: Type.String({ minLength: 16, maxLength: 8_192 }),
  },
  closed,
);
export type CommandRequest = Static<typeof CommandRequest>;

/** How a command ended. `refused`: not begun; `expired`: not done in time, and given up. */
export const CommandEnd = Type.Enum(['done', 'failed', 'refused', 'expired']);
export type CommandEnd = Static<typeof CommandEnd>;

/** Longest JSON of a result, in characters. */
export const MAX_RESULT_CHARS = 32_768;

/** Device -> server on cmd/<name>/res. */
export const CommandReply = Type.Object(
  {
    id: CommandId,
    state: CommandEnd,
    /** Error code, unless it is done. */
    code: Type.Optional(Type.String({ maxLength: 64 })),
    detail: Type.Optional(Type.String({ maxLength: 2_048 })),
    /** What was found; the file of a command travels by HTTPS. */
    result: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Type.Unknown(), { maxProperties: 32 })),
  },
  closed,
);
export type CommandReply = Static<typeof CommandReply>;
