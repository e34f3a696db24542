import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { CommandName, CommandRequest } from '@watchpost/shared/messages/command.ts';
import type { DesiredConfig } from '@watchpost/shared/messages/config-document.ts';
import type { DurableFields, Receipt, Stream } from '@watchpost/shared/messages/durable.ts';
import type { DesiredModel } from '@watchpost/shared/messages/model-document.ts';
import type { OutboxReport } from '@watchpost/shared/messages/telemetry.ts';
import type { Payload, TopicKind } from '@watchpost/shared/topics.ts';

/** A durable message that waits for its receipt. */
export interface OutboxRow {
  readonly stream: Stream;
  readonly seq: number;
  /** Below the device's root, so that it stays right when the box moves to another fleet: `cam/door/event`. */
  readonly topic: string;
  /** JSON object, without the durable fields but what was known of the clock. */
  readonly body: string;
  readonly createdAtMs: number;
}

/**
 * Durable FIFO per stream: a message exists once it is committed here and goes when the server's receipt covers it.
 * `seq` starts at 1 and only grows within `epoch`, also across restarts and after everything was deleted. Only
 * committed rows can be read: a number that was sent is never given again, whatever cuts the power.
 * A disk that is full or failing makes no method throw: rows wait in memory, and what does not fit is dropped and
 * counted.
 */
export interface Outbox {
  /** Identity of this numbering, 16 hex digits: a new file is a new epoch. */
  readonly epoch: string;
  /**
   * Queues a row; rows are committed together within a second, or at once with `durability: 'now'`.
   * @returns the number given
   */
  append(row: Omit<OutboxRow, 'seq'>, durability?: 'group' | 'now'): number;
  /** The oldest committed rows above `afterSeq`, in order. */
  peek(stream: Stream, afterSeq: number, limit: number): readonly OutboxRow[];
  /** Lowest number still held; the next one to be committed when empty. */
  firstSeq(stream: Stream): number;
  /** Highest number ever committed; 0 before the first. */
  lastSeq(stream: Stream): number;
  /** Deletes up to and including `upTo`. */
  acknowledge(stream: Stream, upTo: number): void;
  /**
   * Continues under a new epoch, numbers as they are. Rows it held when it was opened and that the receipt covers are
   * stored already, and go; unless numbers were given since that no receipt covered before the next start. For a file
   * that went back in time (a restored image, a disk that lied about a sync): the old numbering would give numbers that
   * the server already knows.
   */
  renewEpoch(upTo: Receipt['upTo']): void;
  /** Called after each commit that added rows. One listener. */
  onCommit(listener: () => void): void;
  /** Includes what is not yet committed. Drops count since the file was made, each stream's apart. */
  report(nowMs: number): OutboxReport;
  /** Commits what is queued. */
  flush(): void;
  /** Commits and closes; of no use afterwards. */
  close(): void;
}

export type DurableKind = 'cameraEvent' | 'deployment' | 'telemetry';
/** What the caller of `record` gives: the payload without what the outbox adds. */
export type DurableBody<K extends DurableKind> = Omit<Payload<K>, DurableFields>;

/** The agent's one line to the fleet. Nothing here throws for want of a network or a disk. */
export interface Uplink {
  /** Durable: goes through the outbox and survives restarts. Deployment changes are on disk when this returns. */
  record<K extends DurableKind>(kind: K, body: DurableBody<K>, camera?: string): void;
  /**
   * Live: sent now or not at all, or, where the topic is retained, again at each new connection.
   * @param subject the camera, or the name of the command, for a topic that has one
   */
  publish<K extends TopicKind>(kind: K, payload: Payload<K>, subject?: string): void;
  isConnected(): boolean;
  report(nowMs: number): OutboxReport;
}

/** What the fleet asks of this box. */
export interface FleetRequests {
  /** Called for each `desired/model` document: at every connection, so also when nothing changed. */
  onDesired(listener: (document: DesiredModel) => void): void;
  /** The same for `desired/config`. */
  onDesiredConfig(listener: (document: DesiredConfig) => void): void;
  /** Called for each command, which may come twice. Its name is that of the topic. */
  onCommand(listener: (name: CommandName, request: CommandRequest) => void): void;
}

/** The running uplink. `stop` flushes the outbox and says goodbye; whoever opened the outbox closes it. */
export type UplinkComponent = Uplink & FleetRequests & Component;

export interface SessionMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

export interface SessionListener {
  /** A new connection, already announced as online: nothing sent on an earlier one counts. */
  onConnected(): void;
  onDisconnected(): void;
  onMessage(topic: string, payload: Uint8Array): void;
}

/** A line to the broker that renews itself for ever; keeps no message beyond one connection. */
export interface Session {
  /** Begins to connect and returns; goes on until `stop`, or until `signal` is aborted while not connected. */
  start(listener: SessionListener, signal: AbortSignal): void;
  /** Announces `stopped` and disconnects, within a limit. */
  stop(): Promise<void>;
  isConnected(): boolean;
  /** Hands a message to the connection; false when there is none. QoS 1 here means no more than "the broker has it". */
  send(message: SessionMessage): boolean;
  /** For this connection. A broker that denies a topic is treated as one that refuses the box. */
  subscribe(topics: readonly string[]): void;
}
