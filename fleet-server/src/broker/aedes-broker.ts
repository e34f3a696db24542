import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import {
  formatTopic,
  type Payload,
  parseTopic,
  TOPICS,
  type TopicAddress,
  type TopicKind,
} from '@watchpost/shared/topics.ts';
import { Aedes, type AedesOptions, type AuthenticateError, type Client } from 'aedes';
import type { TlsListener } from '../identity/port.ts';
import { serverError } from '../kernel/errors.ts';
import { createPacketSizeMeter } from './packet-size.ts';
import type { Broker, DeviceAuthenticator, InboundMessage } from './port.ts';
import { findPublishAddress, mayReceive, maySubscribe } from './topic-acl.ts';

const MAX_PAYLOAD_BYTES = 256 * 1024;
/** A packet is its payload, the topic and a few bytes. */
const MAX_PACKET_BYTES = MAX_PAYLOAD_BYTES + 1024;
const CONNECT_TIMEOUT_MS = 10_000;
/** A device that does not read for so long is cut off: what waits for it waits in our memory. */
const DRAIN_TIMEOUT_MS = 30_000;
/**
 * Sockets that listen on the one port. Node accepts one connection of each in a turn of its loop: with a single one, a
 * fleet that comes back while the server is busy waits for hundreds of turns, and box after box loses patience.
 */
const ACCEPTORS = process.platform === 'linux' ? 8 : 1;
/**
 * Connections that wait at each. What finds no place tries again seconds later; what waits longer than a box does
 * (10 s) is work for nothing.
 */
const ACCEPT_QUEUE = 256;
const TICKET_KEY_BYTES = 48;

export interface AedesBrokerDeps {
  readonly host: string;
  /** 0 = any. */
  readonly port: number;
  readonly fleet: string;
  readonly authenticate: DeviceAuthenticator;
  /** MQTT over TLS: a client shows the certificate of the device it is, and its secret is not asked for. */
  readonly tls?: TlsListener;
  readonly log: Logger;
}

type PublishHandler = NonNullable<AedesOptions['authorizePublish']>;
type ConnectHandler = NonNullable<AedesOptions['preConnect']>;
type AuthenticateHandler = NonNullable<AedesOptions['authenticate']>;

export function createAedesBroker(deps: AedesBrokerDeps): Broker {
  return new AedesBroker(deps);
}

/** MQTT 3.1.1 inside the server process: what devices publish is handed over without a client in between. */
class AedesBroker implements Broker {
  readonly name = 'broker';
  readonly #deps: AedesBrokerDeps;
  readonly #aedes: Aedes;
  readonly #servers: readonly Server[];
  /** A session that began at one of them is resumed at another. */
  readonly #ticketKeys = randomBytes(TICKET_KEY_BYTES);
  readonly #sockets = new Set<Socket>();
  /** Our own book of connections: aedes loses a new one when the end of an old one with its id comes late. */
  readonly #clients = new Map<string, Client>();
  /**
   * Retained documents by topic. aedes would compare every retained message with every new subscription; devices
   * subscribe by exact name.
   */
  readonly #documents = new Map<string, string>();
  readonly #messageListeners: ((message: InboundMessage) => void)[] = [];
  readonly #presenceListeners: ((deviceId: string, connected: boolean) => void)[] = [];
  readonly #listeningListeners: ((address: TopicAddress) => void)[] = [];
  /** Connections whose last will speaks for another device: refused where there is a code to say so. */
  readonly #foreignWills = new WeakSet<Client>();
  /** Connections that are looked up, or accepted and not in the book yet. */
  readonly #entering = new Set<Client>();
  /** Those of them whose device was shut out meanwhile. */
  readonly #shutOut = new WeakSet<Client>();
  #isStopping = false;

  constructor(deps: AedesBrokerDeps) {
    this.#deps = deps;
    this.#aedes = new Aedes({
      // With a limit, one device that stops reading holds up all the others.
      concurrency: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      drainTimeout: DRAIN_TIMEOUT_MS,
      maxClientsIdLength: 64,
      preConnect: this.#onConnect,
      authenticate: this.#onAuthenticate,
      authorizePublish: this.#onPublish,
      authorizeSubscribe: (client, subscription, done) =>
        done(null, this.#mayHear(client, subscription.topic) ? subscription : null),
      authorizeForward: (client, packet) => (mayReceive(this.#ownerOf(client), packet.topic) ? packet : null),
    });
    this.#servers = Array.from({ length: ACCEPTORS }, () => this.#createServer());
  }

  get port(): number {
    return portOf(this.#servers[0]) ?? this.#deps.port;
  }

  onMessage(listener: (message: InboundMessage) => void): void {
    this.#messageListeners.push(listener);
  }

  onPresence(listener: (deviceId: string, connected: boolean) => void): void {
    this.#presenceListeners.push(listener);
  }

  onListening(listener: (address: TopicAddress) => void): void {
    this.#listeningListeners.push(listener);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { host, port } = this.#deps;
    this.#listenToClients();
    await this.#aedes.listen();
    try {
      await this.#listen(signal);
    } catch (cause) {
      await this.stop();
      if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') {
        throw serverError('PORT_IN_USE', `MQTT port ${port} on ${host} is in use`, { cause });
      }
      signal.throwIfAborted();
      throw serverError('CONFIG_INVALID', `the broker cannot listen on ${host}, port ${port}`, { cause });
    }
    this.#deps.log.info({ host, port: this.port }, 'broker listens');
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    const emptied = new Promise<void>((resolve) => this.#aedes.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([...closed, emptied]);
  }

  disconnect(deviceId: string): void {
    for (const client of this.#entering) if (client.id === deviceId) this.#shutOut.add(client);
    this.#clients.get(deviceId)?.close();
  }

  async publish<K extends TopicKind>(
    kind: K,
    address: Omit<TopicAddress, 'kind'>,
    content: Payload<K>,
  ): Promise<void> {
    const topic = formatTopic({ ...address, kind });
    const payload = JSON.stringify(content);
    const { qos, retain } = TOPICS[kind];
    if (retain) this.#documents.set(topic, payload);
    await new Promise<void>((resolve, reject) => {
      this.#aedes.publish({ cmd: 'publish', topic, payload, qos, retain: false, dup: false }, (cause) =>
        cause ? reject(serverError('INTERNAL', `the broker did not take ${topic}`, { cause })) : resolve(),
      );
    });
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { host } = this.#deps;
    const port = await this.#claimPort(signal);
    for (const server of this.#servers) {
      const where = { host, port, backlog: ACCEPT_QUEUE, reusePort: ACCEPTORS > 1 };
      await once(server.listen(where), 'listening', { signal });
    }
  }

  /** Sockets that share a port are let in beside each other, those of another server too: it must be free first. */
  async #claimPort(signal: AbortSignal): Promise<number> {
    const { host, port } = this.#deps;
    const claim = createServer();
    await once(claim.listen(port, host), 'listening', { signal });
    const claimed = portOf(claim) ?? port;
    await new Promise<void>((resolve) => claim.close(() => resolve()));
    return claimed;
  }

  #createServer(): Server {
    const { tls, log } = this.#deps;
    if (tls === undefined) return createServer((socket) => this.#onSocket(socket));
    const clientsOnly = { requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;
    const limits = { handshakeTimeout: CONNECT_TIMEOUT_MS };
    const options = { ...clientsOnly, ...limits, ticketKeys: this.#ticketKeys };
    const server = createTlsServer({ ...tls.certificate.current(), ...options });
    tls.certificate.onRenewed((material) => server.setSecureContext({ ...material, ...options }));
    // Before the handshake, which a client may never begin.
    server.on('connection', (socket) => this.#track(socket));
    server.on('secureConnection', (socket: TLSSocket) => this.#onSocket(socket));
    server.on('tlsClientError', (error, socket) =>
      log.debug({ address: socket.remoteAddress, error: error.message }, 'handshake failed'),
    );
    return server;
  }

  #ownerOf(client: Client): { readonly fleet: string; readonly device: string } {
    return { fleet: this.#deps.fleet, device: client.id };
  }

  #listenToClients(): void {
    this.#aedes.on('client', (client) => {
      this.#entering.delete(client);
      if (this.#shutOut.has(client)) client.close();
      const older = this.#clients.get(client.id);
      this.#clients.set(client.id, client);
      older?.close();
      for (const listener of this.#presenceListeners) listener(client.id, true);
    });
    this.#aedes.on('clientDisconnect', (client) => {
      if (this.#clients.get(client.id) !== client) return;
      this.#clients.delete(client.id);
      for (const listener of this.#presenceListeners) listener(client.id, false);
    });
    this.#aedes.on('subscribe', (subscriptions, client) => {
      for (const { topic } of subscriptions) {
        this.#sendDocument(client, topic);
        this.#announceListening(client, topic);
      }
    });
    const onDropped = (client: Client, error: Error): void =>
      this.#deps.log.debug({ deviceId: client.id, error: error.message }, 'connection dropped');
    this.#aedes.on('clientError', onDropped);
    this.#aedes.on('connectionError', onDropped);
    this.#aedes.addListener('error', (error: unknown) =>
      this.#deps.log.error({ error: describeError(error) }, 'broker failed'),
    );
  }

  #sendDocument(client: Client, topic: string): void {
    const payload = this.#documents.get(topic);
    if (payload === undefined || !maySubscribe(this.#ownerOf(client), topic)) return;
    client.publish({ cmd: 'publish', topic, payload, qos: 1, retain: true, dup: false }, () => undefined);
  }

  #announceListening(client: Client, topic: string): void {
    const address = parseTopic(topic);
    if (address === undefined || !maySubscribe(this.#ownerOf(client), topic)) return;
    for (const listener of this.#listeningListeners) listener(address);
  }

  /** Ends with `stop`, whatever state it is in. */
  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #onSocket(socket: Socket): void {
    this.#track(socket);
    socket.setNoDelay(true);
    limitPackets(socket, () =>
      this.#deps.log.warn({ address: socket.remoteAddress }, 'connection closed: packet too long'),
    );
    this.#aedes.handle(socket);
  }

  readonly #onConnect: ConnectHandler = (client, packet, done) => {
    // Sessions are not kept: what devices must hear is a retained document, or follows from what they send.
    packet.clean = true;
    const { will, clientId } = packet;
    const owner = { fleet: this.#deps.fleet, device: clientId };
    if (will !== undefined && findPublishAddress(owner, will.topic) === undefined) {
      this.#deps.log.warn({ deviceId: clientId, topic: will.topic }, 'last will denied');
      this.#foreignWills.add(client);
    }
    done(null, !this.#isStopping);
  };

  readonly #onAuthenticate: AuthenticateHandler = (client, username, password, done) => {
    const refuse = (returnCode: 3 | 4 | 5): void => {
      const error: AuthenticateError = Object.assign(new Error('connection refused'), { returnCode });
      done(error, false);
    };
    if (this.#foreignWills.has(client)) return refuse(5);
    const secret = username === client.id ? password?.toString() : undefined;
    this.#entering.add(client);
    (client.conn as Socket).once('close', () => this.#entering.delete(client));
    this.#isDevice(client, secret).then(
      (isAccepted) => {
        // What was looked up may be from before.
        if (this.#shutOut.has(client)) return refuse(3);
        if (isAccepted) return done(null, true);
        this.#deps.log.warn({ deviceId: client.id }, 'connection refused: not this device, or not accepted');
        refuse(4);
      },
      (error: unknown) => {
        this.#deps.log.error(
          { deviceId: client.id, error: describeError(error) },
          'device not authenticated',
        );
        refuse(3);
      },
    );
  };

  async #isDevice(client: Client, secret: string | undefined): Promise<boolean> {
    const { tls, authenticate } = this.#deps;
    if (tls !== undefined) return (await tls.identify(client.conn as Socket)) === client.id;
    return secret !== undefined && (await authenticate(client.id, secret));
  }

  /** Also asked for last wills. An error closes the connection: MQTT 3.1.1 has no other way to deny a publish. */
  readonly #onPublish: PublishHandler = (client, packet, done) => {
    const address = client === null ? undefined : findPublishAddress(this.#ownerOf(client), packet.topic);
    const sizeBytes = packet.payload.length;
    if (this.#isStopping) return done(new Error('the broker stops'));
    if (address === undefined || sizeBytes > MAX_PAYLOAD_BYTES) {
      this.#deps.log.warn({ deviceId: client?.id, topic: packet.topic, sizeBytes }, 'publish denied');
      return done(new Error('publish denied'));
    }
    // Nobody but the server reads reports: kept by aedes, they would only fill the memory.
    packet.retain = false;
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    for (const listener of this.#messageListeners) listener({ address, payload });
    done();
  };

  #mayHear(client: Client, filter: string): boolean {
    const isAllowed = maySubscribe(this.#ownerOf(client), filter);
    if (!isAllowed) this.#deps.log.warn({ deviceId: client.id, filter }, 'subscription denied');
    return isAllowed;
  }
}

const portOf = (server: Server | undefined): number | undefined =>
  (server?.address() as AddressInfo | null | undefined)?.port;

/** aedes collects a packet whole, of up to 256 MB: looking at the bytes as it reads them ends that early. */
function limitPackets(socket: Socket, onTooLong: () => void): void {
  const meter = createPacketSizeMeter(MAX_PACKET_BYTES);
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    if (!(chunk instanceof Uint8Array) || meter.accept(chunk)) return chunk;
    onTooLong();
    socket.destroy();
    return null;
  };
}
