import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMqttSession } from '../../../agent/src/uplink/mqtt-session.ts';
import type { Outbox } from '../../../agent/src/uplink/port.ts';
import { openSqliteOutbox } from '../../../agent/src/uplink/sqlite-outbox.ts';
import { createUplink } from '../../../agent/src/uplink/uplink.ts';
import { silentLogger } from '../../../shared/src/kernel/log.ts';
import { startBroker, type TestBroker } from '../../support/broker.ts';
import { until } from '../../support/until.ts';
import { BIRTH, BOX_ROOT, makeEvent } from '../../support/uplink-bench.ts';
import { type AttackPlan, createFamily } from './attack.ts';

/** A box with three events that wait for a receipt, on a broker that the attacker holds. */
interface ReceiptWorld {
  readonly broker: TestBroker;
  readonly outbox: Outbox;
  close(): Promise<void>;
}

const EVENTS = 3;

async function openReceiptWorld(): Promise<ReceiptWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-receipts-'));
  const broker = await startBroker();
  const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
  const identity = { deviceId: 'box-1', fleet: 'park', brokerUrl: broker.url, secret: 'secret' };
  const log = silentLogger;
  const outbox = openSqliteOutbox({
    path: join(folder, 'outbox.db'),
    maxBytes: 1e7,
    groupMs: 5,
    log,
    newEpoch: () => randomBytes(8).toString('hex'),
    wallMs: clock.wallMs,
  });
  const session = createMqttSession({ identity, clock, random01: Math.random, log, farewellMs: 200 });
  const uplink = createUplink({ identity, outbox, session, birth: () => BIRTH, clock, log });
  await uplink.start(new AbortController().signal);
  for (let id = 1; id <= EVENTS; id += 1) uplink.record('cameraEvent', makeEvent(`event-${id}`), 'door');
  await broker.waitFor(({ payload }) => payload.includes(`event-${EVENTS}`));
  return {
    broker,
    outbox,
    close: async () => {
      await uplink.stop();
      outbox.close();
      await broker.kill();
      await rm(folder, { recursive: true });
    },
  };
}

const rowsIn = ({ outbox }: ReceiptWorld): number => outbox.report(0).rows;

const tell = ({ broker, outbox }: ReceiptWorld, upTo: number): void =>
  broker.publish(`${BOX_ROOT}/receipt`, text(outbox.epoch, { event: upTo }));

/** The genuine receipt, for the first row only, comes after the forged one: once it counts, so did the other. */
const forged = (
  name: string,
  receipt: (world: ReceiptWorld) => string,
  device = 'box-1',
): AttackPlan<ReceiptWorld> => ({
  name: `forged receipt: ${name}`,
  isRefused: async (world) => {
    const { epoch } = world.outbox;
    world.broker.publish(`watchpost/v1/park/${device}/receipt`, receipt(world));
    tell(world, 1);
    // A box whose numbering a receipt contradicts begins a new one, and keeps its rows.
    await until('a receipt counts', () => rowsIn(world) < EVENTS || world.outbox.epoch !== epoch);
    return rowsIn(world) >= EVENTS - 1;
  },
  isTaken: async (world) => {
    tell(world, EVENTS);
    await until('the receipt counts', () => rowsIn(world) === 0);
    return true;
  },
});

const text = (epoch: string, upTo: unknown): string => JSON.stringify({ epoch, upTo });

/** Whatever a broker says, what the server has not stored stays on the box. */
export const RECEIPTS_FAMILY = createFamily({
  name: 'receipts',
  open: openReceiptWorld,
  scope: 'fresh',
  plans: [
    forged('of another numbering', () => text('f'.repeat(16), { event: EVENTS })),
    forged('for more than was ever sent', ({ outbox }) => text(outbox.epoch, { event: 1_000 })),
    forged('beyond the safe integers', ({ outbox }) => text(outbox.epoch, { event: 2 ** 53 })),
    forged('of half a message', ({ outbox }) => text(outbox.epoch, { event: 2.5 })),
    forged('of another stream', ({ outbox }) => text(outbox.epoch, { telemetry: EVENTS })),
    forged('with a field nobody knows', ({ outbox }) => text(outbox.epoch, { event: EVENTS, all: EVENTS })),
    forged('that is no JSON', () => '{"epoch":'),
    forged('of another box', ({ outbox }) => text(outbox.epoch, { event: EVENTS }), 'box-2'),
  ],
});
