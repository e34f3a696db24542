import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Aedes, type AedesOptions } from 'aedes';

export interface BrokerMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
}

export interface TestBroker {
  readonly port: number;
  readonly url: string;
  /** Everything published, wills and `publish` included, in order. */
  readonly messages: readonly BrokerMessage[];
  /** The first message that fits, of those that came or will come. */
  waitFor(fits: (message: BrokerMessage) => boolean): Promise<BrokerMessage>;
  onMessage(listener: (message: BrokerMessage) => void): void;
  publish(topic: string, payload: string, retain?: boolean): void;
  /** Cuts every connection without a word, as a failing network would; the broker lives on. */
  dropClients(): void;
  /** Cuts every connection without a word and stops listening, as a crash would. */
  kill(): Promise<void>;
}

export interface TestBrokerOptions {
  /** Default: a free one. A restarted broker is given the port of the one before it. */
  readonly port?: number;
  /** Who may connect; default: everybody. */
  accepts?(username: string, password: string): boolean;
  /** What may be subscribed; default: everything. */
  allows?(topic: string): boolean;
}

/** A real MQTT broker in this process, on loopback. */
export async function startBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const aedes = await Aedes.createBroker(handlersOf(options));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const dropClients = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const messages: BrokerMessage[] = [];
  const listeners = new Set<(message: BrokerMessage) => void>();
  aedes.on('publish', ({ topic, payload, qos, retain }) => {
    if (topic.startsWith('$SYS')) return;
    const message = { topic, payload: payload.toString(), qos, retain };
    messages.push(message);
    for (const listener of listeners) listener(message);
  });

  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    messages,
    onMessage: (listener) => void listeners.add(listener),
    waitFor: (fits) => {
      const known = messages.find(fits);
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve) => listeners.add((message) => fits(message) && resolve(message)));
    },
    publish: (topic, payload, retain = false) =>
      aedes.publish(
        { cmd: 'publish', topic, payload: Buffer.from(payload), qos: 1, retain, dup: false },
        () => undefined,
      ),
    dropClients,
    kill: async () => {
      const closed = once(server, 'close');
      server.close();
      dropClients();
      await Promise.all([closed, new Promise<void>((resolve) => aedes.close(resolve))]);
    },
  };
}

function handlersOf({ accepts, allows }: TestBrokerOptions): AedesOptions {
  return {
    concurrency: 0,
    authenticate: (_client, username = '', password, done) =>
      done(null, accepts?.(username, password?.toString() ?? '') ?? true),
    authorizeSubscribe: (_client, subscription, done) =>
      done(null, (allows?.(subscription.topic) ?? true) ? subscription : null),
  };
}
