import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MjpegServerOptions {
  /** Sent one after the other, for ever. */
  readonly pictures: readonly Uint8Array[];
  readonly fps: number;
  /** `user:password` for Basic authentication; without it everybody may watch. */
  readonly credentials?: string;
  /** To come back at the address of a server that went away. */
  readonly port?: number;
}

export interface MjpegServer {
  /** Without credentials. */
  readonly url: string;
  readonly port: number;
  /** Pictures sent so far, to all clients together. */
  sent(): number;
  stop(): Promise<void>;
}

/** A camera for tests that speaks `multipart/x-mixed-replace` on loopback. */
export async function startMjpegServer(options: MjpegServerOptions): Promise<MjpegServer> {
  let sent = 0;
  const server = createServer((request, response) => {
    if (isAllowed(request, options.credentials)) stream(response, options, () => sent++);
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="camera"' }).end();
  }).listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/video.mjpg`,
    port,
    sent: () => sent,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
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
