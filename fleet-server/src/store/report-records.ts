import type { DeploymentChange } from '@watchpost/shared/messages/deployment.ts';
import type { Durable, Stream } from '@watchpost/shared/messages/durable.ts';
import type { CameraEvent } from '@watchpost/shared/messages/event.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import type { DeploymentRecord } from './deployment-records.ts';

/** A durable message, parsed, on its way to the store. */
export type DurableMessage =
  | {
      readonly stream: 'event';
      readonly deviceId: string;
      readonly camera: string;
      readonly body: CameraEvent;
    }
  | { readonly stream: 'deployment'; readonly deviceId: string; readonly body: DeploymentChange }
  | { readonly stream: 'telemetry'; readonly deviceId: string; readonly body: Telemetry & Durable };

/**
 * A numbered message whose body does not fit its schema, or is stored already. It is kept aside under its number:
 * otherwise the stream would have a gap for ever, and the box would send it again for ever.
 */
export interface RejectedMessage {
  readonly stream: Stream;
  readonly deviceId: string;
  readonly body: Durable;
  /** What is wrong with it. */
  readonly problem: string;
  /** As it came. */
  readonly payload: string;
}

/** What the server numbers and receipts. */
export type NumberedMessage = DurableMessage | RejectedMessage;

/** Up to where a (device, epoch, stream) is stored without a gap. */
export interface Cursor {
  readonly deviceId: string;
  readonly epoch: string;
  readonly stream: Stream;
  readonly upTo: number;
}

export interface CommitResult {
  /** The cursor of every (device, epoch, stream) the batch touched. */
  readonly cursors: readonly Cursor[];
  /** Messages stored now, without those that were there already and those kept aside. */
  readonly fresh: readonly DurableMessage[];
  /** Deployments that a fresh change speaks of, as they are now. */
  readonly moved: readonly DeploymentRecord[];
}

export interface EventRow extends CameraEvent {
  readonly rowId: number;
  readonly deviceId: string;
  readonly camera: string;
  readonly receivedAtMs: number;
}

export interface EventQuery {
  readonly deviceId?: string;
  readonly camera?: string;
  /** Rows with a smaller rowId. */
  readonly before?: number;
  readonly limit: number;
}

export interface ReportStore {
  /**
   * Stores a batch in one transaction, each (device, epoch, stream, seq) once, and moves the cursors. Backlog that is
   * stored already under another number is kept aside. A deployment stands where its changes lead in the order of their
   * numbers, whatever the order in which they come. Once resolved, it survives a power cut.
   */
  commit(batch: readonly NumberedMessage[], receivedAtMs: number): Promise<CommitResult>;
  /** Newest first. */
  events(query: EventQuery): Promise<readonly EventRow[]>;
  countEvents(): Promise<number>;
  /** The newest `limit` summaries since `sinceMs`, oldest first. */
  telemetry(deviceId: string, sinceMs: number, limit: number): Promise<readonly Telemetry[]>;
}
