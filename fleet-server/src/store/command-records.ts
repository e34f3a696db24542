import type { CommandFile, CommandState } from '@watchpost/shared/api/commands.ts';
import type { CommandEnd, CommandName } from '@watchpost/shared/messages/command.ts';

/** What a device was asked to do, and what came of it. */
export interface CommandRecord {
  readonly id: string;
  readonly deviceId: string;
  readonly name: CommandName;
  readonly args: Readonly<Record<string, unknown>>;
  /** Grows with every command of the device. */
  readonly counter: number;
  readonly state: CommandState;
  readonly actor: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** When the device was last told. */
  readonly sentAtMs?: number;
  readonly endedAtMs?: number;
  readonly code?: string;
  readonly detail?: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly file?: CommandFile;
}

export interface CommandEnding {
  readonly state: CommandEnd;
  readonly code?: string;
  readonly detail?: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly endedAtMs: number;
}

/** Methods reject with AppError STORE_FAILED. */
export interface CommandStore {
  /** Forgets the oldest of its device that have ended, beyond `keep`. */
  add(command: CommandRecord, keep: number): Promise<void>;
  find(id: string): Promise<CommandRecord | undefined>;
  /** Newest first. */
  list(deviceId: string, limit: number): Promise<readonly CommandRecord[]>;
  /** Those that have not ended, oldest first. */
  listOpen(deviceId: string): Promise<readonly CommandRecord[]>;
  /** Devices that have one. */
  listWaiting(): Promise<readonly string[]>;
  /** Those that have not ended and expire at `atMs` or before. */
  listDue(atMs: number): Promise<readonly CommandRecord[]>;
  nextExpiryMs(): Promise<number | undefined>;
  /** Nothing for one that has ended. */
  markSent(id: string, atMs: number): Promise<void>;
  /** @returns false when it has ended */
  setFile(id: string, file: CommandFile): Promise<boolean>;
  /** @returns undefined when it had ended before: the first end counts */
  end(id: string, ending: CommandEnding): Promise<CommandRecord | undefined>;
}
