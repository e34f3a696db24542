import type { Receipt, Stream } from '@watchpost/shared/messages/durable.ts';
import { formatTopic, parsePayload, parseTopic } from '@watchpost/shared/topics.ts';
import type { BrokerMessage, TestBroker } from './broker.ts';

const STREAM_OF = { cameraEvent: 'event', deployment: 'deployment', telemetry: 'telemetry' } as const;

/** The server's side of the durable streams, in memory: stores each row once and receipts what is contiguous. */
export class ReceiptingServer {
  /** `epoch/stream/seq` -> body, without the durable fields. */
  readonly stored = new Map<string, Readonly<Record<string, unknown>>>();
  /** Rows that came again after they were stored. */
  repeats = 0;
  historical = 0;
  readonly #upTo = new Map<string, number>();
  /** Of a row that arrives: is it lost before it is stored? */
  #loses: (seq: number, stream: Stream) => boolean = () => false;
  #onStored: () => void = () => undefined;

  attach(broker: TestBroker): this {
    broker.onMessage((message) => this.#receive(broker, message));
    return this;
  }

  loseRows(loses: (seq: number, stream: Stream) => boolean): this {
    this.#loses = loses;
    return this;
  }

  /** Resolves when `count` different rows are stored. */
  async waitForRows(count: number): Promise<void> {
    while (this.stored.size < count) {
      await new Promise<void>((resolve) => {
        this.#onStored = resolve;
      });
    }
  }

  #receive(broker: TestBroker, { topic, payload }: BrokerMessage): void {
    const address = parseTopic(topic);
    if (address === undefined || !(address.kind in STREAM_OF)) return;
    const kind = address.kind as keyof typeof STREAM_OF;
    const { epoch, seq, firstSeq, historical, ...body } = parsePayload(kind, payload);
    if (epoch === undefined || seq === undefined || firstSeq === undefined) return;
    const stream = STREAM_OF[kind];
    if (this.#loses(seq, stream)) return;
    const key = `${epoch}/${stream}`;
    if (this.stored.has(`${key}/${seq}`)) this.repeats += 1;
    else this.stored.set(`${key}/${seq}`, body);
    if (historical === true) this.historical += 1;
    let upTo = Math.max(this.#upTo.get(key) ?? 0, firstSeq - 1);
    while (this.stored.has(`${key}/${upTo + 1}`)) upTo += 1;
    this.#upTo.set(key, upTo);
    const receipt: Receipt = { epoch, upTo: { [stream]: upTo } };
    const { fleet, device } = address;
    broker.publish(formatTopic({ fleet, device, kind: 'receipt' }), JSON.stringify(receipt));
    this.#onStored();
  }
}
