import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestBundle } from './test-bundle.ts';

/** What goes wrong with one answer. Bytes are those of this answer. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  /** The connection breaks. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The connection stays, and nothing more comes. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** Ranges are not understood. */
  | { readonly kind: 'no ranges' }
  /** The entity tag is another one than before. */
  | { readonly kind: 'other tag' };

export interface SeenRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  /** Of the answer's body, handed to the network. */
  sentBytes: number;
}

/** The fleet server's bundle API in memory, with faults on demand. */
export interface ArtifactServer {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Bodies by path below `/api/v1/`. */
  readonly bodies: Map<string, Uint8Array>;
  publish(bundle: TestBundle): void;
  /** The next answers below this path; then it answers as it should. */
  break(path: string, ...faults: readonly Fault[]): void;
  /** Faults still to come. */
  remaining(path: string): readonly Fault[];
  /** All bytes that left for clients, heads included. */
  wireBytes(): number;
  close(): Promise<void>;
}

const PREFIX = '/api/v1/';
const CHUNK_BYTES = 64 * 1024;

export interface Line {
  /** Default: any. */
  readonly port?: number;
  /** Default: as fast as the other side reads, with megabytes on their way in the buffers of the kernel. */
  readonly bytesPerSec?: number;
}

export async function startArtifactServer(line: Line = {}): Promise<ArtifactServer> {
  const bodies = new Map<string, Uint8Array>();
  const faults = new Map<string, Fault[]>();
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').slice(PREFIX.length);
    const { range, authorization } = request.headers;
    const entry: SeenRequest = { path, range, authorization, sentBytes: 0 };
    seen.push(entry);
    answer({ request, response, path, entry, body: bodies.get(path), line }, faults.get(path)?.shift());
  });
  const sockets: Socket[] = [];
  server.on('connection', (socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(line.port ?? 0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    bodies,
    publish: (bundle) => {
      bodies.set(`bundles/${bundle.digest}/manifest`, bundle.manifestBytes);
      for (const file of bundle.manifest.files) {
        const bytes = bundle.files.get(file.path);
        if (bytes !== undefined) bodies.set(`artifacts/${file.sha256}`, bytes);
      }
    },
    break: (path, ...more) => void faults.set(path, [...(faults.get(path) ?? []), ...more]),
    remaining: (path) => faults.get(path) ?? [],
    wireBytes: () =>
      sockets.reduce((total, socket) => total + socket.bytesWritten - socket.writableLength, 0),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly entry: SeenRequest;
  readonly body: Uint8Array | undefined;
  readonly line: Line;
}

function answer({ request, response, path, entry, body, line }: Exchange, fault: Fault | undefined): void {
  if (fault?.kind === 'status') {
    const headers = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
    response.writeHead(fault.status, headers).end('{}');
    return;
  }
  if (body === undefined) {
    response
      .writeHead(404, { 'content-type': 'application/json' })
      .end('{"code":"NOT_FOUND","message":"no"}');
    return;
  }
  const etag = fault?.kind === 'other tag' ? '"other"' : `"${path.split('/').at(-1)}"`;
  const start = fault?.kind === 'no ranges' ? 0 : startOf(request, etag);
  if (start >= body.length && start > 0) {
    response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    return;
  }
  const range = start > 0 ? { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { etag, 'content-length': body.length - start, ...range });
  const isHurt = fault?.kind === 'cut' || fault?.kind === 'stall';
  const part = body.subarray(start, isHurt ? start + fault.afterBytes : undefined);
  entry.sentBytes = part.length;
  void send(response, part, line).then(() => {
    if (!isHurt) response.end();
    else if (fault.kind === 'cut') response.destroy();
  });
}

/** No faster than the other side reads, as a server that reads from a disk. */
async function send(response: ServerResponse, body: Uint8Array, { bytesPerSec }: Line): Promise<void> {
  for (let at = 0; at < body.length && !response.destroyed; at += CHUNK_BYTES) {
    const { promise, resolve } = Promise.withResolvers<void>();
    response.once('close', resolve);
    response.write(body.subarray(at, at + CHUNK_BYTES), () => resolve());
    await promise;
    response.off('close', resolve);
    if (bytesPerSec !== undefined) await delay((CHUNK_BYTES / bytesPerSec) * 1000);
  }
}

function startOf(request: IncomingMessage, etag: string): number {
  const { range, 'if-range': condition } = request.headers;
  if (condition !== undefined && condition !== etag) return 0;
  return Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
}
