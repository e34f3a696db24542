import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { COMMAND_NAMES, type CommandRequest } from '@watchpost/shared/messages/command.ts';
import { deviceRoot } from '@watchpost/shared/topics.ts';
import type { CommandOrder } from '@watchpost/shared/trust/command-order.ts';
import type { MqttClient } from 'mqtt';
import { createJwsCommandReader } from '../../agent/src/trust/jws-order.ts';
import { createAuditLog } from '../../fleet-server/src/audit/audit-log.ts';
import type { AuditLog } from '../../fleet-server/src/audit/port.ts';
import { createCommandDesk } from '../../fleet-server/src/commands/command-desk.ts';
import { createDiskCommandFiles } from '../../fleet-server/src/commands/disk-command-files.ts';
import type { CommandDesk, CommandSigner } from '../../fleet-server/src/commands/port.ts';
import { createJwsCommandSigner } from '../../fleet-server/src/rollouts/jws-order-signer.ts';
import { connectDevice, FLEET, topicOf } from './mqtt-device.ts';
import { openReportServer, type ReportServer } from './report-server.ts';
import { makeKeyPair } from './test-bundle.ts';
import { until } from './until.ts';

const DIRECTOR = makeKeyPair();
export const COMMAND_FILES_BYTES = 100_000;

/** Commands of a server over its real store, broker and ingest; its clock stands still until the test moves it. */
export interface CommandServer extends ReportServer {
  readonly desk: CommandDesk;
  readonly audit: AuditLog;
  readonly clock: { nowMs: number };
  /** Moves the clock, and does what is due by then. */
  pass(ms: number): Promise<void>;
}

export async function openCommandServer(options: {
  readonly folder: string;
  readonly nowMs?: number;
  readonly sign?: CommandSigner;
}): Promise<CommandServer> {
  const { folder, sign = createJwsCommandSigner(DIRECTOR.privateKey) } = options;
  const clock = { nowMs: options.nowMs ?? 1_000_000 };
  const nowMs = (): number => clock.nowMs;
  let desk: CommandDesk | undefined;
  const server = await openReportServer({
    path: join(folder, 'fleet.db'),
    devices: ['box-1', 'box-2'],
    onCommandReply: (reply) => desk?.onReply(reply),
  });
  const { store, broker } = server;
  const audit = createAuditLog({ store: store.audit, nowMs });
  let due: { readonly atMs: number; readonly run: () => void } | undefined;
  desk = createCommandDesk({
    ...{ sign, store, broker, audit, nowMs, newId: randomUUID, log: silentLogger },
    files: createDiskCommandFiles({ folder: join(folder, 'files'), maxBytes: COMMAND_FILES_BYTES }),
    schedule: (delayMs, run) => {
      const mine = { atMs: clock.nowMs + delayMs, run };
      due = mine;
      return () => {
        if (due === mine) due = undefined;
      };
    },
  });
  await desk.start(new AbortController().signal);
  const running = desk;
  return {
    ...{ ...server, desk: running, audit, clock },
    pass: async (ms) => {
      // What is due is known once everything asked for so far is done.
      await running.list('box-1', 1);
      clock.nowMs += ms;
      const now = due;
      if (now !== undefined && now.atMs <= clock.nowMs) now.run();
    },
    stop: async () => {
      await running.stop();
      await server.stop();
    },
  };
}

/** A device that listens to its commands, and replies when the test says so. */
export interface CommandedDevice {
  /** Everything it was told, in order, found genuine. */
  readonly told: readonly CommandOrder[];
  readonly retained: readonly boolean[];
  reply(name: string, reply: object): Promise<void>;
  hears(id: string, times?: number): Promise<CommandOrder>;
  leave(): Promise<void>;
}

export async function connectCommanded(server: ReportServer, id: string): Promise<CommandedDevice> {
  const client: MqttClient = await connectDevice(server.broker.port, id);
  const reader = createJwsCommandReader({
    deviceId: id,
    directorKeys: { list: async () => [DIRECTOR.publicKey] },
  });
  const told: CommandOrder[] = [];
  const retained: boolean[] = [];
  let reading: Promise<void> = Promise.resolve();
  client.on('message', (_topic, payload, { retain }) => {
    const request = JSON.parse(payload.toString()) as CommandRequest;
    retained.push(retain);
    reading = reading.then(async () => {
      const order = await reader.read(request.command);
      if (order.id !== request.id) throw new Error('another id was signed');
      told.push(order);
    });
  });
  await client.subscribeAsync(
    COMMAND_NAMES.map((name) => topicOf(id, 'command', name)),
    { qos: 1 },
  );
  return {
    ...{ told, retained },
    reply: async (name, reply) => {
      const topic = `${deviceRoot({ fleet: FLEET, device: id })}/cmd/${name}/res`;
      await client.publishAsync(topic, JSON.stringify(reply), { qos: 1 });
    },
    hears: async (commandId, times = 1) => {
      const find = () => told.filter((order) => order.id === commandId);
      await until(`${id} hears of ${commandId}`, () => find().length >= times);
      return find().at(-1) as CommandOrder;
    },
    leave: () => client.endAsync(),
  };
}
