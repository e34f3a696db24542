import type { KeyObject } from 'node:crypto';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createJwsOrderReader } from '@watchpost/agent/trust/jws-order.ts';
import type { OrderReader } from '@watchpost/agent/trust/port.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { STREAMS } from '@watchpost/shared/messages/durable.ts';
import { formatTopic, parsePayload, parseTopic, TOPICS, type TopicKind } from '@watchpost/shared/topics.ts';
import { createRandom, type Random } from '../pet-park/random.ts';
import { countRows } from './box-outbox.ts';
import type { BoxSummary, HostCounters, OrderTaken } from './box-report.ts';
import { CONNECT_TIMEOUT_MS, KEEPALIVE_SEC, MqttLink } from './mqtt-link.ts';
import { epochOf, type Population, planBox } from './population.ts';
import { type BoxAct, type BoxInput, createBox, nextDueMs, turnBox, type VirtualBox } from './virtual-box.ts';

/** How a box shows who it is. */
export interface BoxAccess {
  readonly brokerUrl: string;
  readonly directorKeys: readonly KeyObject[];
  /** For a broker without TLS. */
  readonly secret?: string;
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca: string };
}

const HEARD = ['receipt', 'desiredModel'] as const satisfies readonly TopicKind[];
const LOOK_EVERY_MS = 20;
const PING_AFTER_MS = (KEEPALIVE_SEC * 1000) / 2;

/** What the host knows of a box beside its state. */
interface Seat {
  readonly index: number;
  readonly access: BoxAccess;
  readonly orders: OrderReader;
  readonly random: Random;
  box: VirtualBox;
  link: MqttLink | undefined;
  session: number;
  openedAtMs: number;
  spokeAtMs: number;
  /** Receipted rows by epoch and stream, and up to where. */
  readonly receipted: Map<string, { count: number; upTo: number }>;
  readonly taken: OrderTaken[];
}

/** Plays boxes in this process: their clock, their connections, their draws. */
export class BoxHost {
  readonly #population: Population;
  readonly #seats: Seat[];
  readonly #counters = {
    sent: 0,
    receipted: 0,
    live: 0,
    ordersTaken: 0,
    ordersRefused: 0,
    connects: 0,
    losses: 0,
    refusals: 0,
  };
  #timer: NodeJS.Timeout | undefined;
  #isStopping = false;

  /** @param first index of the first box */
  constructor(population: Population, first: number, access: readonly BoxAccess[]) {
    this.#population = population;
    const { scenario, seed } = population;
    const nowMs = Date.now();
    this.#seats = access.map((own, at) => {
      const index = first + at;
      const traits = planBox(population, index);
      const random = createRandom(seed, 'life', index);
      const directorKeys = { list: async () => own.directorKeys };
      return {
        ...{ index, access: own, random },
        orders: createJwsOrderReader({ deviceId: traits.id, directorKeys }),
        box: createBox(traits, { nowMs, scenario, random01: random.next }),
        link: undefined,
        ...{ session: 0, openedAtMs: 0, spokeAtMs: 0 },
        receipted: new Map(),
        taken: [],
      };
    });
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  stop(): void {
    this.#isStopping = true;
    clearInterval(this.#timer);
    for (const { link } of this.#seats) link?.close();
  }

  /** The network of every box goes away. */
  storm(backWithinMs: number | undefined): void {
    for (const seat of this.#seats) this.#turn(seat, { kind: 'storm', backWithinMs });
  }

  counters(): HostCounters {
    const links = this.#seats.map(({ box }) => box);
    const count = (isSo: (box: VirtualBox) => boolean): number => links.filter(isSo).length;
    return {
      ...this.#counters,
      boxes: links.length,
      up: count(({ link }) => link === 'up'),
      /** Switched off, not merely waiting for their next try. */
      away: count(
        ({ link, awayUntilMs, due }) => link === 'down' && (awayUntilMs > 0 || due.open === Infinity),
      ),
      inWork: count(({ work }) => work !== undefined),
      held: links.reduce((sum, { outbox }) => sum + countRows(outbox), 0),
      heldByUp: links.reduce((sum, { link, outbox }) => sum + (link === 'up' ? countRows(outbox) : 0), 0),
      rssBytes: process.memoryUsage.rss(),
    };
  }

  summaries(): readonly BoxSummary[] {
    return this.#seats.map(({ box, receipted, taken }) => ({
      id: box.traits.id,
      isUp: box.link === 'up',
      ...(box.active !== undefined && { digest: box.active.digest }),
      ...(box.told !== undefined && { told: box.told }),
      receipted: [...receipted].map(([key, { count, upTo }]) => {
        const [epoch = '', stream = ''] = key.split('/');
        return { epoch, stream, count, upTo };
      }),
      taken,
    }));
  }

  #look(): void {
    const nowMs = Date.now();
    for (const seat of this.#seats) {
      if (nextDueMs(seat.box) <= nowMs) this.#turn(seat, { kind: 'tick' });
      if (seat.link === undefined) continue;
      if (seat.box.link === 'opening' && nowMs - seat.openedAtMs > CONNECT_TIMEOUT_MS) seat.link.close();
      if (seat.box.link === 'up' && nowMs - seat.spokeAtMs > PING_AFTER_MS) {
        seat.spokeAtMs = nowMs;
        seat.link.ping();
      }
    }
  }

  #turn(seat: Seat, input: BoxInput): void {
    const { scenario } = this.#population;
    const moment = { nowMs: Date.now(), scenario, random01: seat.random.next };
    const before = seat.box;
    const { box, acts } = turnBox(before, input, moment);
    seat.box = box;
    if (input.kind === 'receipt') this.#countReceipted(seat, before);
    for (const act of acts) this.#perform(seat, act);
  }

  #perform(seat: Seat, act: BoxAct): void {
    if (act.kind === 'open') this.#open(seat);
    else if (act.kind === 'close') seat.link?.close();
    else this.#send(seat, act);
  }

  #send(seat: Seat, act: Extract<BoxAct, { kind: 'send' }>): void {
    const { qos, retain } = TOPICS[act.topic];
    seat.spokeAtMs = Date.now();
    seat.link?.publish({
      topic: this.#topic(seat, act.topic, act.camera),
      payload: JSON.stringify(act.body),
      qos,
      retain,
    });
    if ('seq' in act.body) this.#counters.sent += 1;
    else this.#counters.live += 1;
  }

  #topic({ box: { traits } }: Seat, kind: TopicKind, camera?: string): string {
    return formatTopic({
      fleet: traits.fleet,
      device: traits.id,
      kind,
      ...(camera !== undefined && { camera }),
    });
  }

  #open(seat: Seat): void {
    if (this.#isStopping) return;
    const { access } = seat;
    seat.session += 1;
    seat.openedAtMs = Date.now();
    const status = (state: string): string =>
      JSON.stringify({ state, session: `${seat.index}-${seat.session}`, tsMs: Date.now() });
    const topic = this.#topic(seat, 'status');
    const options = {
      socket: openSocket(access),
      clientId: seat.box.traits.id,
      secret: access.secret,
      will: { topic, payload: status('offline') },
      topics: HEARD.map((kind) => this.#topic(seat, kind)),
    };
    const link = new MqttLink(options, {
      onConnected: () => {
        this.#counters.connects += 1;
        link.publish({ topic, payload: status('online'), qos: 1, retain: true });
        this.#turn(seat, { kind: 'connected' });
      },
      onMessage: (name, payload) => this.#hear(seat, name, payload),
      onClosed: (refusal) => {
        if (seat.link !== link || this.#isStopping) return;
        seat.link = undefined;
        this.#counters.losses += 1;
        if (refusal !== undefined) this.#counters.refusals += 1;
        this.#turn(seat, { kind: 'disconnected' });
      },
    });
    seat.link = link;
  }

  #hear(seat: Seat, topic: string, payload: Uint8Array): void {
    const kind = parseTopic(topic)?.kind;
    if (kind === 'receipt') this.#turn(seat, { kind: 'receipt', receipt: parsePayload(kind, payload) });
    if (kind === 'desiredModel') void this.#readOrder(seat, parsePayload(kind, payload).order);
  }

  async #readOrder(seat: Seat, token: string): Promise<void> {
    const receivedAtMs = Date.now();
    try {
      const order = await seat.orders.read(token);
      const { mark } = seat.box;
      this.#turn(seat, { kind: 'order', order });
      if (mark?.deploymentId === order.deploymentId || seat.box.mark?.deploymentId !== order.deploymentId)
        return;
      this.#counters.ordersTaken += 1;
      seat.taken.push({ deploymentId: order.deploymentId, digest: order.sha256, receivedAtMs });
    } catch (error) {
      if (!isAppError(error, 'ORDER_INVALID')) throw error;
      this.#counters.ordersRefused += 1;
    }
  }

  #countReceipted(seat: Seat, before: VirtualBox): void {
    const { traits, epochNumber, outbox } = seat.box;
    if (before.epochNumber !== epochNumber) return;
    for (const stream of STREAMS) {
      const count = before.outbox.rows[stream].length - outbox.rows[stream].length;
      if (count === 0) continue;
      const last = before.outbox.rows[stream][count - 1];
      const key = `${epochOf(traits.id, epochNumber)}/${stream}`;
      const known = seat.receipted.get(key) ?? { count: 0, upTo: 0 };
      seat.receipted.set(key, { count: known.count + count, upTo: Math.max(known.upTo, last?.seq ?? 0) });
      this.#counters.receipted += count;
    }
  }
}

function openSocket({ brokerUrl, tls }: BoxAccess): Socket {
  const { hostname: host, port, protocol } = new URL(brokerUrl);
  if (protocol !== 'mqtts:' || tls === undefined) return connectPlain({ host, port: Number(port) });
  return connectTls({ host, port: Number(port), ...(isIP(host) === 0 && { servername: host }), ...tls });
}
