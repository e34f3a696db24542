import type { Socket } from 'node:net';
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet';

/** What a link tells; after `onClosed` it tells nothing more. */
export interface LinkListener {
  onConnected(): void;
  onMessage(topic: string, payload: Uint8Array): void;
  onClosed(refusal: string | undefined): void;
}

export interface LinkOptions {
  readonly socket: Socket;
  readonly clientId: string;
  /** Undefined where a certificate says who this is. */
  readonly secret: string | undefined;
  readonly will: { readonly topic: string; readonly payload: string };
  /** Subscribed to as soon as the connection stands. */
  readonly topics: readonly string[];
}

export interface LinkMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** As the agent: a ping after so long, a connection that does not come about is given up after so long. */
export const KEEPALIVE_SEC = 30;
export const CONNECT_TIMEOUT_MS = 10_000;

/**
 * MQTT 3.1.1 on a socket, as little as a box needs: the client library keeps more for each connection than ten
 * thousand of them may take. What is published with QoS 1 is not sent again: the receipts of the server see to that.
 */
export class MqttLink {
  readonly #socket: Socket;
  readonly #listener: LinkListener;
  readonly #topics: readonly string[];
  #messageId = 0;
  #isOver = false;
  #refusal: string | undefined;

  constructor(options: LinkOptions, listener: LinkListener) {
    const { socket, clientId, secret, will, topics } = options;
    this.#socket = socket;
    this.#listener = listener;
    this.#topics = topics;
    const packets = parser({ protocolVersion: 4 });
    packets.on('packet', (packet) => this.#receive(packet));
    packets.on('error', () => this.close());
    socket.setNoDelay(true);
    socket.on('data', (chunk) => void packets.parse(chunk));
    socket.on('error', () => undefined);
    socket.once('close', () => this.#end());
    this.#write({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId,
      keepalive: KEEPALIVE_SEC,
      ...(secret !== undefined && { username: clientId, password: Buffer.from(secret) }),
      will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
    });
  }

  publish({ topic, payload, qos, retain }: LinkMessage): void {
    const packet: IPublishPacket = { cmd: 'publish', topic, payload, qos, retain, dup: false };
    this.#write(qos === 0 ? packet : { ...packet, messageId: this.#nextId() });
  }

  ping(): void {
    this.#write({ cmd: 'pingreq' });
  }

  /** Without a goodbye, as when the network goes away. */
  close(): void {
    this.#socket.destroy();
  }

  #nextId(): number {
    this.#messageId = (this.#messageId % 65_535) + 1;
    return this.#messageId;
  }

  #write(packet: Packet): void {
    if (!this.#isOver) this.#socket.write(generate(packet));
  }

  #receive(packet: Packet): void {
    switch (packet.cmd) {
      case 'connack':
        this.#onConnack(packet.returnCode ?? 0);
        break;
      case 'publish':
        if (packet.qos === 1 && packet.messageId !== undefined)
          this.#write({ cmd: 'puback', messageId: packet.messageId });
        this.#listener.onMessage(packet.topic, Buffer.from(packet.payload));
        break;
      default:
        break;
    }
  }

  #onConnack(returnCode: number): void {
    if (returnCode !== 0) {
      this.#refusal = `CONNACK ${returnCode}`;
      this.close();
      return;
    }
    const subscriptions = this.#topics.map((topic) => ({ topic, qos: 1 as const }));
    this.#write({ cmd: 'subscribe', messageId: this.#nextId(), subscriptions });
    this.#listener.onConnected();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener.onClosed(this.#refusal);
  }
}
