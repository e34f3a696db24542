import type { CommandArgs, CommandName, CommandReply } from '@watchpost/shared/messages/command.ts';

/** The newest command this box has seen, across restarts. */
export interface CommandMark {
  readonly counter: number;
}

/** A command this box has seen; without a reply it is not through yet. */
export interface KnownCommand {
  readonly id: string;
  readonly counter: number;
  readonly reply?: CommandReply;
}

/** What the box remembers of commands: enough to refuse a replay, and to say again what a lost reply said. */
export interface CommandMemory extends CommandMark {
  /** In the order they came. */
  readonly known: readonly KnownCommand[];
}

/** Survives power cuts. What is damaged is set aside and counts as nothing remembered. */
export interface CommandStore {
  /** @throws AppError STORE_FAILED */
  load(): Promise<CommandMemory>;
  /** @throws AppError STORE_FAILED | DISK_FULL */
  save(memory: CommandMemory): Promise<void>;
}

export interface CommandContext {
  readonly id: string;
  /** Aborted when nobody waits for the outcome any more, or the agent stops. */
  readonly signal: AbortSignal;
}

/** What came of a command that was begun. */
export interface CommandOutcome {
  /** JSON. */
  readonly result?: Readonly<Record<string, unknown>>;
  /** It was carried out, and what it found is a failure. */
  readonly failure?: { readonly code: string; readonly detail: string };
  /** Done once the reply is on its way. */
  readonly afterwards?: () => void;
}

/** @throws AppError whatever kept it from being done */
export type RunCommand<N extends CommandName> = (
  args: CommandArgs<N>,
  context: CommandContext,
) => Promise<CommandOutcome>;

/** How each command is done. */
export type CommandTable = { readonly [N in CommandName]: RunCommand<N> };

/** Something of a command that is no message: a picture, a diagnostics bundle. */
export interface Evidence {
  readonly contentType: 'image/jpeg' | 'application/gzip';
  readonly bytes: Uint8Array;
}

/** Hands a file of a command to the server, never through the broker. @throws AppError SERVER_UNREACHABLE */
export type SendEvidence = (commandId: string, evidence: Evidence, signal: AbortSignal) => Promise<void>;
