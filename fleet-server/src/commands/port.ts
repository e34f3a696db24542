import type { CommandCreate, CommandFile } from '@watchpost/shared/api/commands.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { CommandReply } from '@watchpost/shared/messages/command.ts';
import type { CommandOrder } from '@watchpost/shared/trust/command-order.ts';
import type { CommandRecord } from '../store/port.ts';

/** @returns the command as a compact JWS */
export type CommandSigner = (order: CommandOrder) => Promise<string>;

/** The file of a command, as its device sent it. */
export interface CommandContent {
  readonly contentType: CommandFile['contentType'];
  readonly bytes: Uint8Array;
}

/** Where files of commands are kept; the oldest go when there are too many. */
export interface CommandFiles {
  /** Over one that is there. @throws AppError STORE_FAILED */
  save(commandId: string, bytes: Uint8Array): Promise<void>;
  /** @returns undefined when there is none any more. @throws AppError STORE_FAILED */
  load(commandId: string): Promise<Uint8Array | undefined>;
}

/** Asks devices to do something, and knows what came of it. */
export interface Commands {
  /**
   * Sends a command, now or when its device is connected in time.
   * @param actor name of the user who asks
   * @throws AppError NOT_FOUND for an unknown device | DEVICE_STATE | REQUEST_INVALID | COMMANDS_TOO_MANY |
   * TRUST_REFUSED | STORE_FAILED
   */
  order(deviceId: string, wanted: CommandCreate, actor: string): Promise<CommandRecord>;
  /** Newest first. @throws AppError NOT_FOUND for an unknown device | STORE_FAILED */
  list(deviceId: string, limit: number): Promise<readonly CommandRecord[]>;
  /** @throws AppError NOT_FOUND | STORE_FAILED */
  find(deviceId: string, commandId: string): Promise<CommandRecord>;
  /** As it is once it has ended, or after `limitMs`, or when `signal` is aborted. @throws AppError as `find` */
  awaitEnd(
    deviceId: string,
    commandId: string,
    limit: { readonly limitMs: number; readonly signal: AbortSignal },
  ): Promise<CommandRecord>;
  /**
   * The file of a command that brings one of this kind and is open; over one that came before.
   * @throws AppError NOT_FOUND | COMMAND_OVER | STORE_FAILED
   */
  putFile(deviceId: string, commandId: string, content: CommandContent): Promise<void>;
  /** @throws AppError NOT_FOUND, also for a file that is gone by now | STORE_FAILED */
  readFile(deviceId: string, commandId: string): Promise<CommandContent>;
}

export interface CommandDesk extends Commands, Component {
  /** What a device says; that which fits no open command of it is ignored. @param name of the command, by the topic */
  onReply(report: { readonly deviceId: string; readonly name: string; readonly body: CommandReply }): void;
}
