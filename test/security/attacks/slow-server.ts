import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A web server in the attacker's hand. How it answers stands at the end of the path. */
export interface SlowServer {
  readonly url: string;
  close(): Promise<void>;
}

const CHUNK = 'x'.repeat(4_096);

/** Whatever is asked for: an answer that never ends, one that stops, one that drips; `honest` is sent whole. */
const MANNERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  endless: (response) => {
    const more = (): void => void (response.write(CHUNK) ? setImmediate(more) : response.once('drain', more));
    more();
  },
  stalled: (response) => void response.write('{'),
  dripping: (response) => {
    const timer = setInterval(() => response.write('x'), 5);
    response.on('close', () => clearInterval(timer));
  },
  honest: (response) => void response.end('{}'),
};

export async function startSlowServer(): Promise<SlowServer> {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const manner = Object.keys(MANNERS).find((name) => request.url?.includes(name) === true);
    MANNERS[manner ?? 'honest']?.(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
