import type { ServerResponse } from 'node:http';
import type { FleetView, LiveMessage } from '../devices/port.ts';

export interface LiveClientsDeps {
  readonly fleet: Pick<FleetView, 'devices' | 'subscribe'>;
  /** Between two signs of life; each also asks whether the client may still listen. */
  readonly heartbeatMs: number;
}

export interface LiveClient {
  readonly response: ServerResponse;
  readonly headers: Readonly<Record<string, number | string | string[] | undefined>>;
  readonly isStillAllowed: () => Promise<boolean>;
}

/** Pages that follow the fleet by server-sent events. */
export interface LiveClients {
  /** Sends the whole fleet as it is, then every change. */
  open(client: LiveClient): void;
  /** Cuts off at once who may listen no more: otherwise it is noticed with the next sign of life. */
  recheck(): Promise<void>;
  /** Cuts everybody off; browsers come back by themselves. */
  stop(): void;
}

/** Bytes that may wait for a client, beside the first picture of the fleet; who reads more slowly is dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;
const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // A proxy must not collect what is meant to be live.
  'x-accel-buffering': 'no',
} as const;

export function createLiveClients(deps: LiveClientsDeps): LiveClients {
  const followers = new Set<Follower>();
  return {
    open: (client) => {
      const follower = follow(deps, client);
      followers.add(follower);
      client.response.once('close', () => {
        followers.delete(follower);
        follower.cut();
      });
    },
    recheck: async () => {
      await Promise.all([...followers].map(({ beat }) => beat()));
    },
    stop: () => {
      for (const { cut } of followers) cut();
    },
  };
}

interface Follower {
  /** Sends a sign of life, or cuts off. */
  readonly beat: () => Promise<void>;
  /** Cuts the client off and lets go of everything held for it. */
  readonly cut: () => void;
}

function follow(deps: LiveClientsDeps, { response, headers, isStillAllowed }: LiveClient): Follower {
  response.writeHead(200, { ...headers, ...STREAM_HEADERS });
  const first = deps.fleet.devices().map((data) => formatMessage({ kind: 'device', data }));
  response.write(`retry: 3000\n\n${first.join('')}`);
  const limitBytes = response.writableLength + MAX_WAITING_BYTES;
  const send = (text: string): void => {
    response.write(text);
    if (response.writableLength > limitBytes) cut();
  };
  const unsubscribe = deps.fleet.subscribe((message) => send(formatMessage(message)));
  const beat = async (): Promise<void> => {
    if (await isStillAllowed().catch(() => false)) send(': heartbeat\n\n');
    else cut();
  };
  const heartbeat = setInterval(() => void beat(), deps.heartbeatMs);
  const cut = (): void => {
    clearInterval(heartbeat);
    unsubscribe();
    response.destroy();
  };
  return { beat, cut };
}

function formatMessage({ kind, data }: LiveMessage): string {
  return `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
