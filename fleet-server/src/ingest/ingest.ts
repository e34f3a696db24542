import { computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { Broker, InboundMessage } from '../broker/port.ts';
import type { FleetProjection } from '../devices/port.ts';
import type { CommitResult, NumberedMessage, ReportStore } from '../store/port.ts';
import { type Inbound, parseInbound } from './inbound.ts';
import type { CommandReplyReport, Ingest, IngestCounters } from './port.ts';
import { computeReceipts } from './receipts.ts';

/** A commit waits for so long, or for so many messages, whichever comes first. */
const GROUP_MS = 50;
const GROUP_SIZE = 500;
const RETRY = { baseMs: 200, maxMs: 10_000 };
/** Invalid messages of one device are logged at most this often, and all are counted. */
const COMPLAIN_EVERY_MS = 10_000;

export interface IngestDeps {
  readonly broker: Broker;
  readonly reports: Pick<ReportStore, 'commit'>;
  readonly projection: Pick<FleetProjection, 'apply' | 'applyCommit' | 'setPresence'>;
  readonly fleet: string;
  readonly nowMs: () => number;
  readonly log: Logger;
  /** Told of each reply to a command; must not throw. */
  readonly onCommandReply?: (reply: CommandReplyReport) => void;
  /** What may wait for the store. */
  readonly maxQueue?: { readonly messages: number; readonly bytes: number };
}

const MAX_QUEUE = { messages: 20_000, bytes: 64 * 1024 * 1024 };

interface Waiting {
  readonly message: NumberedMessage;
  readonly sizeBytes: number;
}

/** Listens to the broker from now on; stores and answers once started. */
export function createIngest(deps: IngestDeps): Ingest {
  return new GroupCommitIngest(deps);
}

/**
 * From the broker to the store and the fleet view. A durable message is answered by a receipt after its commit, so
 * whatever is lost before (a full queue, a crash) the box sends again.
 */
class GroupCommitIngest implements Ingest {
  readonly name = 'ingest';
  readonly #deps: IngestDeps;
  readonly #queue: Waiting[] = [];
  #queuedBytes = 0;
  readonly #stopping = new AbortController();
  #isRunning = false;
  #isCommitting = false;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  readonly #counters = { received: 0, live: 0, replies: 0, stored: 0, duplicates: 0, dropped: 0 };
  readonly #invalid = new Map<string, number>();
  readonly #complainedAtMs = new Map<string, number>();

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    deps.broker.onMessage((message) => this.#onMessage(message));
    deps.broker.onPresence((deviceId, connected) => deps.projection.setPresence(deviceId, connected));
  }

  async start(): Promise<void> {
    this.#isRunning = true;
    this.#commitLater();
  }

  /** Commits what waits, or gives up when the store fails once more: nothing of it was receipted. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#work;
    while (this.#queue.length > 0) await this.#commitGroup();
  }

  counters(): IngestCounters {
    return { ...this.#counters, invalid: Object.fromEntries(this.#invalid) };
  }

  #onMessage(message: InboundMessage): void {
    if (this.#stopping.signal.aborted) return;
    this.#counters.received += 1;
    const inbound = parseInbound(message);
    if (inbound.kind === 'live') {
      this.#counters.live += 1;
      this.#deps.projection.apply(inbound.report);
    } else if (inbound.kind === 'durable') {
      this.#enqueue({ message: inbound.message, sizeBytes: message.payload.length });
    } else if (inbound.kind === 'reply') {
      this.#counters.replies += 1;
      this.#deps.onCommandReply?.(inbound.reply);
    } else {
      this.#onInvalid(message, inbound);
    }
  }

  #onInvalid({ address, payload }: InboundMessage, inbound: Extract<Inbound, { kind: 'invalid' }>): void {
    const { error, rejected } = inbound;
    this.#invalid.set(error.code, (this.#invalid.get(error.code) ?? 0) + 1);
    if (rejected !== undefined) this.#enqueue({ message: rejected, sizeBytes: payload.length });
    const nowMs = this.#deps.nowMs();
    const complainedAtMs = this.#complainedAtMs.get(address.device) ?? -Infinity;
    if (nowMs - complainedAtMs < COMPLAIN_EVERY_MS) return;
    this.#complainedAtMs.set(address.device, nowMs);
    const facts = { deviceId: address.device, topic: address.kind, camera: address.camera };
    this.#deps.log.warn({ ...facts, code: error.code, problem: error.message }, 'message is invalid');
  }

  #enqueue(waiting: Waiting): void {
    const { messages, bytes } = this.#deps.maxQueue ?? MAX_QUEUE;
    if (this.#queue.length >= messages || this.#queuedBytes + waiting.sizeBytes > bytes) {
      if (this.#counters.dropped === 0)
        this.#deps.log.warn({ messages, bytes }, 'queue is full: messages dropped');
      this.#counters.dropped += 1;
      return;
    }
    this.#queue.push(waiting);
    this.#queuedBytes += waiting.sizeBytes;
    this.#commitLater();
  }

  /** One commit at a time: the next begins when it is due and the last one is over. */
  #commitLater(): void {
    if (!this.#isRunning || this.#isCommitting || this.#queue.length === 0) return;
    if (this.#queue.length >= GROUP_SIZE) this.#commitNow();
    else this.#timer ??= setTimeout(() => this.#commitNow(), GROUP_MS);
  }

  #commitNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isCommitting = true;
    this.#work = this.#commitGroup().then(() => {
      this.#isCommitting = false;
      this.#commitLater();
    });
  }

  async #commitGroup(): Promise<void> {
    const group = this.#queue.splice(0, GROUP_SIZE);
    for (const { sizeBytes } of group) this.#queuedBytes -= sizeBytes;
    const receivedAtMs = this.#deps.nowMs();
    const result = await this.#commit(
      group.map(({ message }) => message),
      receivedAtMs,
    );
    if (result === undefined) return;
    const durable = group.filter(({ message }) => !('problem' in message)).length;
    this.#counters.stored += result.fresh.length;
    this.#counters.duplicates += durable - result.fresh.length;
    this.#sendReceipts(result);
    this.#deps.projection.applyCommit(result, receivedAtMs);
  }

  /** @returns undefined when the server stops before the store works again */
  async #commit(batch: readonly NumberedMessage[], receivedAtMs: number): Promise<CommitResult | undefined> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#deps.reports.commit(batch, receivedAtMs);
      } catch (error) {
        const facts = { messages: batch.length, attempt, error: describeError(error) };
        this.#deps.log.error(facts, 'reports not stored');
        if (this.#stopping.signal.aborted) return undefined;
        await waitMs(computeBackoffMs(RETRY, attempt, 1), this.#stopping.signal);
      }
    }
  }

  /** Not waited for: a box that misses a receipt sends its messages again, and gets another one. */
  #sendReceipts({ cursors }: CommitResult): void {
    for (const { deviceId, receipt } of computeReceipts(cursors)) {
      this.#deps.broker
        .publish('receipt', { fleet: this.#deps.fleet, device: deviceId }, receipt)
        .catch((error: unknown) =>
          this.#deps.log.debug({ deviceId, error: describeError(error) }, 'receipt not sent'),
        );
    }
  }
}
