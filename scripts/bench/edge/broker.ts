import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { CameraStats } from '@watchpost/shared/messages/camera.ts';
import type { Receipt } from '@watchpost/shared/messages/durable.ts';
import { formatTopic, parsePayload, parseTopic } from '@watchpost/shared/topics.ts';
import { Aedes } from 'aedes';

/** What a fleet is to a box that runs by itself: a broker that receipts what is durable, and takes pictures. */
export interface BenchFleet {
  readonly brokerUrl: string;
  readonly httpUrl: string;
  /** Called with the pace of each camera, every few seconds. */
  onStats(listener: (camera: string, stats: CameraStats) => void): () => void;
  stop(): Promise<void>;
}

type StatsListener = (camera: string, stats: CameraStats) => void;

const STREAM_OF = { cameraEvent: 'event', deployment: 'deployment', telemetry: 'telemetry' } as const;

export async function startBenchFleet(): Promise<BenchFleet> {
  const aedes = await Aedes.createBroker({ concurrency: 0 });
  const sockets = new Set<Socket>();
  const listeners = new Set<StatsListener>();
  const broker = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });
  aedes.on('publish', ({ topic, payload }) => {
    const reply = answer(topic, payload.toString(), listeners);
    if (reply === undefined) return;
    const receipt = Buffer.from(JSON.stringify(reply.receipt));
    const packet = { cmd: 'publish', qos: 1, retain: false, dup: false } as const;
    aedes.publish({ ...packet, topic: reply.topic, payload: receipt }, () => undefined);
  });
  const http = createHttpServer((request, response) => {
    request.resume().on('end', () => response.end('{"nextInSec":60}'));
  });
  const [brokerPort, httpPort] = [await listen(broker), await listen(http)];
  return {
    brokerUrl: `mqtt://127.0.0.1:${brokerPort}`,
    httpUrl: `http://127.0.0.1:${httpPort}`,
    onStats: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      http.closeAllConnections();
      for (const server of [broker, http]) server.close();
      await new Promise<void>((resolve) => aedes.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Nobody reads the rows again: each receipts itself and all before it. */
function answer(
  topic: string,
  payload: string,
  listeners: ReadonlySet<StatsListener>,
): { readonly topic: string; readonly receipt: Receipt } | undefined {
  const address = topic.startsWith('$SYS') ? undefined : parseTopic(topic);
  if (address === undefined) return undefined;
  const { kind, fleet, device } = address;
  if (kind === 'cameraStats') {
    const stats = parsePayload('cameraStats', payload);
    for (const listener of listeners) listener(address.camera ?? '', stats);
  }
  if (kind !== 'cameraEvent' && kind !== 'deployment' && kind !== 'telemetry') return undefined;
  const { epoch, seq } = parsePayload(kind, payload);
  if (epoch === undefined || seq === undefined) return undefined;
  return {
    topic: formatTopic({ fleet, device, kind: 'receipt' }),
    receipt: { epoch, upTo: { [STREAM_OF[kind]]: seq } },
  };
}
