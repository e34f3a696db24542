import { randomUUID } from 'node:crypto';
import { type BackoffPolicy, computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { DeviceStatus } from '@watchpost/shared/messages/status.ts';
import { formatTopic } from '@watchpost/shared/topics.ts';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { CredentialSource, Identity } from '../identity/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { agentError } from '../kernel/errors.ts';
import type { Session, SessionListener, SessionMessage } from './port.ts';

export interface MqttSessionOptions {
  readonly identity: Pick<Identity, 'deviceId' | 'fleet' | 'brokerUrl' | 'secret'>;
  /** For a broker with TLS; asked at each connection. */
  readonly credentials?: CredentialSource;
  readonly clock: Clock;
  /** A draw from [0, 1), for the jitter of reconnects. */
  random01(): number;
  readonly log: Logger;
  /** Default: 1 to 60 s. */
  readonly backoff?: BackoffPolicy;
  /** Longest wait for each step of a goodbye: the answer to `stopped`, then the end of the connection. Default: 2000. */
  readonly farewellMs?: number;
}

const BACKOFF: BackoffPolicy = { baseMs: 1000, maxMs: 60_000 };
const KEEPALIVE_SEC = 30;
const CONNECT_TIMEOUT_MS = 10_000;
/** A connection that held this long was a good one: the next retry starts at the shortest pause again. */
const STABLE_MS = 30_000;
const FAREWELL_MS = 2000;
/** CONNACK codes of MQTT 3.1.1 that concern this box: version, client id, credentials, authorisation (3 = broker down). */
const REFUSALS: readonly unknown[] = [1, 2, 4, 5];

type Ending = 'refused' | 'unreachable';

/**
 * MQTT 3.1.1 with a clean session. Each connection is a new client of the library, without its reconnect and its
 * offline queue: what must not be lost waits in the outbox.
 */
export function createMqttSession(options: MqttSessionOptions): Session {
  return new MqttSession(options);
}

class MqttSession implements Session {
  readonly #options: MqttSessionOptions;
  readonly #log: Logger;
  readonly #statusTopic: string;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #client: MqttClient | undefined;
  #sessionId = '';
  /** Why the broker let the box in but not listen. */
  #denial: Error | undefined;
  /** What was logged last: a state is logged when it begins, not at every try. */
  #logged: 'connected' | Ending | undefined;

  constructor(options: MqttSessionOptions) {
    this.#options = options;
    this.#log = options.log.child({ component: 'mqtt-session' });
    const { fleet, deviceId: device } = options.identity;
    this.#statusTopic = formatTopic({ fleet, device, kind: 'status' });
  }

  start(listener: SessionListener, signal: AbortSignal): void {
    this.#loop = this.#keepConnected(listener, AbortSignal.any([signal, this.#stopping.signal]));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const client = this.#client;
    if (client?.connected) {
      const { farewellMs = FAREWELL_MS } = this.#options;
      const stopped = this.#status('stopped');
      await within(farewellMs, client.publishAsync(this.#statusTopic, stopped, { qos: 1, retain: true }));
      await within(farewellMs, client.endAsync());
      // A graceful end waits for every PUBACK and cannot be turned into a forced one.
      client.stream.destroy();
    }
    await this.#loop;
  }

  isConnected(): boolean {
    return this.#client?.connected === true;
  }

  send({ topic, payload, qos, retain }: SessionMessage): boolean {
    if (this.#client?.connected !== true) return false;
    this.#client.publish(topic, payload, { qos, retain });
    return true;
  }

  subscribe(topics: readonly string[]): void {
    const client = this.#client;
    client?.subscribe([...topics], { qos: 1 }, (error) => {
      if (!client.connected) return;
      if (error === null) {
        this.#logConnected();
        return;
      }
      this.#denial = error;
      client.end(true);
    });
  }

  async #keepConnected(listener: SessionListener, signal: AbortSignal): Promise<void> {
    const { clock, random01, backoff = BACKOFF } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const startedMs = clock.monotonicMs();
      await this.#holdConnection(listener, signal);
      if (clock.monotonicMs() - startedMs >= STABLE_MS) attempt = 0;
      await waitMs(computeBackoffMs(backoff, attempt, random01()), signal);
    }
  }

  /** Connects and resolves when that connection, or the attempt, is over. An established one outlives `signal`. */
  async #holdConnection(listener: SessionListener, signal: AbortSignal): Promise<void> {
    const client = this.#open();
    if (client === undefined) return;
    this.#denial = undefined;
    let failure: Error | undefined;
    const giveUp = (): void => {
      if (!client.connected) client.end(true);
    };
    signal.addEventListener('abort', giveUp);
    client.on('error', (error) => {
      failure = error;
    });
    client.on('message', (topic, payload) => listener.onMessage(topic, payload));
    client.once('connect', () => this.#onConnect(client, listener));
    await new Promise<void>((resolve) => client.once('close', () => resolve()));
    signal.removeEventListener('abort', giveUp);
    client.end(true);
    if (this.#client === client) {
      this.#client = undefined;
      listener.onDisconnected();
    }
    if (signal.aborted) return;
    if (this.#denial !== undefined) this.#logEnding('refused', this.#denial);
    else this.#logEnding(isRefusal(failure) ? 'refused' : 'unreachable', failure);
  }

  #open(): MqttClient | undefined {
    const { identity } = this.#options;
    this.#sessionId = randomUUID();
    const connectOptions: IClientOptions = {
      protocolVersion: 4,
      clean: true,
      clientId: identity.deviceId,
      username: identity.deviceId,
      ...this.#access(),
      keepalive: KEEPALIVE_SEC,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: 0,
      queueQoSZero: false,
      resubscribe: false,
      will: { topic: this.#statusTopic, payload: Buffer.from(this.#status('offline')), qos: 1, retain: true },
    };
    try {
      requireBrokerAddress(identity.brokerUrl);
      return mqtt.connect(identity.brokerUrl, connectOptions);
    } catch (cause) {
      this.#logEnding('unreachable', cause);
      return undefined;
    }
  }

  /** With TLS the certificate says who this is, and the secret stays here. */
  #access(): IClientOptions {
    const { identity, credentials } = this.#options;
    if (!identity.brokerUrl.startsWith('mqtts:')) return { password: identity.secret };
    return { ...credentials?.(), rejectUnauthorized: true };
  }

  #onConnect(client: MqttClient, listener: SessionListener): void {
    this.#client = client;
    this.send({ topic: this.#statusTopic, payload: this.#status('online'), qos: 1, retain: true });
    listener.onConnected();
  }

  #status(state: DeviceStatus['state']): string {
    const status: DeviceStatus = { state, session: this.#sessionId, tsMs: this.#options.clock.wallMs() };
    return JSON.stringify(status);
  }

  #logConnected(): void {
    this.#logged = 'connected';
    const { brokerUrl } = this.#options.identity;
    this.#log.info({ brokerUrl, session: this.#sessionId }, 'broker connected');
  }

  #logEnding(ending: Ending, cause: unknown): void {
    if (this.#logged === ending) return;
    this.#logged = ending;
    const { brokerUrl, deviceId } = this.#options.identity;
    const err =
      ending === 'refused'
        ? agentError('BROKER_REFUSED', `broker ${brokerUrl} refuses device ${deviceId}`, { cause })
        : agentError('BROKER_UNREACHABLE', `broker ${brokerUrl} cannot be reached`, { cause });
    this.#log.warn({ err, code: err.code, remedy: err.kind.remedy }, 'broker not connected');
  }
}

/** MQTT.js takes an address of another kind for one of localhost, which would be told the secret. */
function requireBrokerAddress(brokerUrl: string): void {
  if (!/^mqtts?:\/\//.test(brokerUrl)) throw new TypeError(`${brokerUrl} is not an address of a broker`);
}

function isRefusal(error: (Error & { readonly code?: unknown }) | undefined): boolean {
  return REFUSALS.includes(error?.code);
}

/** Waits for `work` or the limit; how a goodbye fails is of no interest. */
async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  await Promise.race([work.catch(() => undefined), waitMs(limitMs, limit.signal)]);
  limit.abort();
}
