import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { Birth } from '@watchpost/shared/messages/birth.ts';
import {
  COMMAND_NAMES,
  type CommandName,
  type CommandRequest,
  isCommandName,
} from '@watchpost/shared/messages/command.ts';
import type { DesiredConfig } from '@watchpost/shared/messages/config-document.ts';
import { type ClockState, type Receipt, STREAMS, type Stream } from '@watchpost/shared/messages/durable.ts';
import type { DesiredModel } from '@watchpost/shared/messages/model-document.ts';
import type { OutboxReport } from '@watchpost/shared/messages/telemetry.ts';
import {
  deviceRoot,
  formatTopic,
  type Payload,
  parsePayload,
  parseTopic,
  TOPICS,
  type TopicKind,
  topicSubject,
} from '@watchpost/shared/topics.ts';
import type { Identity } from '../identity/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { perStream } from './per-stream.ts';
import type {
  DurableBody,
  DurableKind,
  Outbox,
  OutboxRow,
  Session,
  SessionMessage,
  UplinkComponent,
} from './port.ts';
import {
  createFlight,
  type Flight,
  type Heads,
  isHistorical,
  planSends,
  recordReceipt,
  recordSent,
  SEND_POLICY,
  type SendPolicy,
  type Want,
} from './send-plan.ts';

export interface UplinkOptions {
  readonly identity: Pick<Identity, 'deviceId' | 'fleet'>;
  readonly outbox: Outbox;
  readonly session: Session;
  /** What this box says about itself, asked at each connection. */
  birth(): Birth;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy?: SendPolicy;
  /** What is known of the clock, for each durable message that is made. Default: it is not told. */
  readonly clockState?: () => ClockState;
}

const STREAM_OF: Readonly<Record<DurableKind, Stream>> = {
  cameraEvent: 'event',
  deployment: 'deployment',
  telemetry: 'telemetry',
};

/** What the server says to a box. */
const HEARD = ['receipt', 'desiredModel', 'desiredConfig'] as const satisfies readonly TopicKind[];

export function createUplink(options: UplinkOptions): UplinkComponent {
  return new FleetUplink(options);
}

class FleetUplink implements UplinkComponent {
  readonly name = 'uplink';
  readonly #options: UplinkOptions;
  readonly #log: Logger;
  readonly #policy: SendPolicy;
  readonly #address: { readonly fleet: string; readonly device: string };
  /** The last document of each retained topic, said again at every connection: the broker may have lost its own. */
  readonly #documents = new Map<string, SessionMessage>();
  #onDesired: (document: DesiredModel) => void = () => undefined;
  #onDesiredConfig: (document: DesiredConfig) => void = () => undefined;
  #onCommand: (name: CommandName, request: CommandRequest) => void = () => undefined;
  /** Present while connected. */
  #flight: Flight | undefined;
  #greetedEpoch = '';
  #wakeUp: NodeJS.Timeout | undefined;
  #invalidMessages = 0;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#log = options.log.child({ component: this.name });
    this.#policy = options.policy ?? SEND_POLICY;
    this.#address = { fleet: options.identity.fleet, device: options.identity.deviceId };
  }

  async start(signal: AbortSignal): Promise<void> {
    const { outbox, session } = this.#options;
    outbox.onCommit(() => this.#onCommit());
    const listener = {
      onConnected: () => this.#greet(),
      onDisconnected: () => this.#pause(),
      onMessage: (topic: string, payload: Uint8Array) => this.#receive(topic, payload),
    };
    session.start(listener, signal);
  }

  async stop(): Promise<void> {
    this.#pause();
    this.#options.outbox.flush();
    await this.#options.session.stop();
  }

  record<K extends DurableKind>(kind: K, body: DurableBody<K>, camera?: string): void {
    const topic = this.#topic(kind, camera).slice(deviceRoot(this.#address).length + 1);
    const createdAtMs = this.#options.clock.wallMs();
    const durability = kind === 'deployment' ? 'now' : 'group';
    const clockState = this.#options.clockState?.();
    const message = { ...body, ...(clockState !== undefined && { clockState }) };
    const row = { stream: STREAM_OF[kind], topic, body: JSON.stringify(message), createdAtMs };
    this.#options.outbox.append(row, durability);
  }

  publish<K extends TopicKind>(kind: K, payload: Payload<K>, subject?: string): void {
    const { qos, retain } = TOPICS[kind];
    const message = { topic: this.#topic(kind, subject), payload: JSON.stringify(payload), qos, retain };
    if (retain) this.#documents.set(message.topic, message);
    this.#options.session.send(message);
  }

  isConnected(): boolean {
    return this.#options.session.isConnected();
  }

  report(nowMs: number): OutboxReport {
    return this.#options.outbox.report(nowMs);
  }

  onDesired(listener: (document: DesiredModel) => void): void {
    this.#onDesired = listener;
  }

  onDesiredConfig(listener: (document: DesiredConfig) => void): void {
    this.#onDesiredConfig = listener;
  }

  onCommand(listener: (name: CommandName, request: CommandRequest) => void): void {
    this.#onCommand = listener;
  }

  #topic(kind: TopicKind, subject?: string): string {
    const about = subject === undefined ? {} : { [topicSubject(kind) ?? 'camera']: subject };
    return formatTopic({ ...this.#address, kind, ...about });
  }

  #greet(): void {
    const { outbox, session, birth, clock } = this.#options;
    outbox.flush();
    this.#greetedEpoch = outbox.epoch;
    session.subscribe([
      ...HEARD.map((kind) => this.#topic(kind)),
      ...COMMAND_NAMES.map((name) => this.#topic('command', name)),
    ]);
    this.publish('birth', birth());
    for (const message of this.#documents.values()) {
      if (message.topic !== this.#topic('birth')) session.send(message);
    }
    this.#flight = createFlight(this.#heads(), this.#policy, clock.monotonicMs());
    this.#sendDue();
  }

  #pause(): void {
    clearTimeout(this.#wakeUp);
    this.#flight = undefined;
  }

  /** A file that was begun anew counts anew, and the server is told so first. */
  #onCommit(): void {
    const isAnew = this.#flight !== undefined && this.#greetedEpoch !== this.#options.outbox.epoch;
    if (isAnew) {
      this.#greet();
      return;
    }
    for (const stream of STREAMS) this.#forget(stream, this.#flight?.streams[stream].receiptedUpTo ?? 0);
    this.#sendDue();
  }

  /** Where the disk fails, rows stay, and are tried again when something could be written. */
  #forget(stream: Stream, upTo: number): void {
    const { outbox } = this.#options;
    if (upTo >= outbox.firstSeq(stream)) outbox.acknowledge(stream, upTo);
  }

  #heads(): Heads {
    const { outbox } = this.#options;
    return perStream((stream) => ({ firstSeq: outbox.firstSeq(stream), lastSeq: outbox.lastSeq(stream) }));
  }

  #sendDue(): void {
    clearTimeout(this.#wakeUp);
    if (this.#flight === undefined) return;
    const nowMs = this.#options.clock.monotonicMs();
    const plan = planSends(this.#flight, this.#heads(), this.#policy, nowMs);
    this.#flight = plan.wants.reduce((flight, want) => this.#sendRows(flight, want, nowMs), plan.flight);
    if (plan.wakeInMs !== undefined) this.#wakeUp = setTimeout(() => this.#sendDue(), plan.wakeInMs);
  }

  #sendRows(flight: Flight, { stream, afterSeq, limit }: Want, nowMs: number): Flight {
    const rows = this.#options.outbox.peek(stream, afterSeq, limit);
    const sent = rows.filter((row) => this.#sendRow(row, isHistorical(flight, stream, row.seq)));
    return recordSent(
      flight,
      stream,
      sent.map((row) => row.seq),
      nowMs,
    );
  }

  #sendRow({ stream, seq, topic, body }: OutboxRow, historical: boolean): boolean {
    const { outbox, session } = this.#options;
    const durable = { epoch: outbox.epoch, seq, firstSeq: outbox.firstSeq(stream), historical };
    return session.send({
      topic: `${deviceRoot(this.#address)}/${topic}`,
      payload: JSON.stringify({ ...(JSON.parse(body) as object), ...durable }),
      qos: 1,
      retain: false,
    });
  }

  #receive(topic: string, payload: Uint8Array): void {
    // An empty message on a retained topic clears it: nothing is asked.
    if (payload.length === 0) return;
    const { kind, command } = parseTopic(topic) ?? {};
    if (kind === 'receipt') this.#parse(kind, payload, (receipt) => this.#settle(receipt));
    if (kind === 'desiredModel') this.#parse(kind, payload, (document) => this.#onDesired(document));
    if (kind === 'desiredConfig') this.#parse(kind, payload, (document) => this.#onDesiredConfig(document));
    if (kind === 'command' && command !== undefined && isCommandName(command))
      this.#parse(kind, payload, (request) => this.#onCommand(command, request));
  }

  #parse<K extends TopicKind>(kind: K, payload: Uint8Array, use: (message: Payload<K>) => void): void {
    let message: Payload<K>;
    try {
      message = parsePayload(kind, payload);
    } catch (err) {
      if (!isAppError(err, 'MESSAGE_INVALID')) throw err;
      this.#invalidMessages += 1;
      this.#log.warn(
        { err, code: err.code, kind, invalidMessages: this.#invalidMessages },
        'message ignored',
      );
      return;
    }
    use(message);
  }

  #settle({ epoch, upTo }: Receipt): void {
    const { outbox, clock } = this.#options;
    if (epoch !== outbox.epoch) return;
    if (STREAMS.some((stream) => (upTo[stream] ?? 0) > outbox.lastSeq(stream))) {
      outbox.renewEpoch(upTo);
      this.#log.error({ epoch, renewed: outbox.epoch, upTo }, 'outbox is older than its receipts');
      if (outbox.epoch !== epoch) this.#greet();
      return;
    }
    for (const stream of STREAMS) {
      const end = upTo[stream] ?? 0;
      this.#forget(stream, end);
      if (this.#flight !== undefined) {
        this.#flight = recordReceipt(this.#flight, stream, end, clock.monotonicMs());
      }
    }
    this.#sendDue();
  }
}
