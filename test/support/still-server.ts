import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { HttpGuard } from './http-guard.ts';

export interface StillServerOptions {
  /** One for each request, one after the other, for ever. */
  readonly pictures: readonly Uint8Array[];
  readonly guard?: HttpGuard;
  /** Instead of a picture. */
  readonly answer?: (response: ServerResponse) => void;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Milliseconds until a request is answered. */
  readonly delayMs?: number;
}

export interface StillServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly served: () => number;
  /** The most requests there were at one moment. */
  readonly mostAtOnce: () => number;
}

/** A camera for tests that gives one JPEG at each request, on a free loopback port. */
export async function startStillServer(options: StillServerOptions): Promise<StillServer> {
  let served = 0;
  let atOnce = 0;
  let mostAtOnce = 0;
  const server: Server = (
    options.tls === undefined ? createServer() : createTlsServer(options.tls)
  ) as Server;
  server.on('request', (request, response: ServerResponse) => {
    if (options.guard?.admit(request, response) === false) return;
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    response.on('close', () => {
      atOnce -= 1;
    });
    if (options.answer !== undefined) return options.answer(response);
    const picture = options.pictures[served++ % options.pictures.length] ?? new Uint8Array();
    setTimeout(
      () => response.writeHead(200, { 'content-type': 'image/jpeg' }).end(picture),
      options.delayMs ?? 0,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/snapshot.jpg?channel=1`,
    port,
    served: () => served,
    mostAtOnce: () => mostAtOnce,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
