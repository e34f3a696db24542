import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { CommandReply } from '@watchpost/shared/messages/command.ts';

/** What a device says of a command, parsed. */
export interface CommandReplyReport {
  readonly deviceId: string;
  /** Of the command, by the topic. */
  readonly name: string;
  readonly body: CommandReply;
}

/** Messages since the server started. */
export interface IngestCounters {
  /** Everything that came. */
  readonly received: number;
  /** Live ones, handed to the fleet view. */
  readonly live: number;
  /** Replies to commands, handed over. */
  readonly replies: number;
  /** Durable ones stored for the first time. */
  readonly stored: number;
  /** Durable ones that were there already, or come too far ahead of what is; answered again. */
  readonly duplicates: number;
  /** Durable ones not taken because too many were waiting; the boxes send them again. */
  readonly dropped: number;
  /** By error code. */
  readonly invalid: Readonly<Record<string, number>>;
}

export interface Ingest extends Component {
  counters(): IngestCounters;
}
