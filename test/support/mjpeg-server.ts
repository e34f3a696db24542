import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface MjpegServerOptions {
  /** Sent one after the other, for ever. */
  readonly pictures: readonly Uint8Array[];
  readonly fps: number;
  /** `user:password` for Basic authentication; without it everybody may watch. */
  readonly credentials?: string;
  /** Who comes when this many are watching is refused. */
  readonly maxClients?: number;
  /** To come back at the address of a server that went away. */
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface MjpegServer extends AsyncDisposable {
  /** Without credentials. */
  readonly url: string;
  readonly port: number;
  /** Pictures sent so far, to all clients together. */
  sent(): number;
  /** Clients that are watching now. */
  watching(): number;
  /** Clients that were sent away, because others were watching. */
  refused(): number;
  stop(): Promise<void>;
}

/** A camera for tests that speaks `multipart/x-mixed-replace` on loopback. */
export async function startMjpegServer(options: MjpegServerOptions): Promise<MjpegServer> {
  let sent = 0;
  let refused = 0;
  const watching = new Set<ServerResponse>();
  const listener: RequestListener = (request, response) => {
    if (!isAllowed(request, options.credentials)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="camera"' }).end();
    } else if (watching.size >= (options.maxClients ?? Number.POSITIVE_INFINITY)) {
      refused += 1;
      response.writeHead(503).end();
    } else {
      watching.add(response);
      response.on('close', () => watching.delete(response));
      stream(response, options, () => sent++);
    }
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    if (server.listening) await once(server, 'close');
  };
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/video.mjpg`,
    port,
    sent: () => sent,
    watching: () => watching.size,
    refused: () => refused,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function isAllowed(request: IncomingMessage, credentials: string | undefined): boolean {
  if (credentials === undefined) return true;
  return request.headers.authorization === `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function stream(response: ServerResponse, { pictures, fps }: MjpegServerOptions, onSent: () => void): void {
  response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' });
  let next = 0;
  const timer = setInterval(() => {
    const picture = pictures[next++ % pictures.length] ?? new Uint8Array();
    response.write(`--frame\r\ncontent-type: image/jpeg\r\ncontent-length: ${picture.length}\r\n\r\n`);
    response.write(picture);
    response.write('\r\n');
    onSent();
  }, 1000 / fps);
  response.on('close', () => clearInterval(timer));
}
