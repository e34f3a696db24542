import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestBundle } from './test-bundle.ts';

/** What goes wrong with one answer. Bytes are those of this answer. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  /** The connection breaks. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The connection stays, and nothing more comes. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** Ranges are not understood. */
  | { readonly kind: 'no ranges' };

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
  close(): Promise<void>;
}

const PREFIX = '/api/v1/';

export async function startArtifactServer(): Promise<ArtifactServer> {
  const bodies = new Map<string, Uint8Array>();
  const faults = new Map<string, Fault[]>();
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').slice(PREFIX.length);
    const { range, authorization } = request.headers;
    const entry: SeenRequest = { path, range, authorization, sentBytes: 0 };
    seen.push(entry);
    answer({ request, response, path, entry, body: bodies.get(path) }, faults.get(path)?.shift());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    bodies,
    publish: (bundle) => {
      bodies.set(`bundles/${bundle.digest}/manifest`, bundle.manifestBytes);
      const signatures = JSON.stringify({ signatures: bundle.signatures });
      bodies.set(`bundles/${bundle.digest}/signatures`, new TextEncoder().encode(signatures));
      for (const file of bundle.manifest.files) {
        const bytes = bundle.files.get(file.path);
        if (bytes !== undefined) bodies.set(`artifacts/${file.sha256}`, bytes);
      }
    },
    break: (path, ...more) => void faults.set(path, [...(faults.get(path) ?? []), ...more]),
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
}

function answer({ request, response, path, entry, body }: Exchange, fault: Fault | undefined): void {
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
  const etag = `"${path.split('/').at(-1)}"`;
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
  if (!isHurt) response.end(part);
  else response.write(part, () => fault.kind === 'cut' && response.destroy());
}

function startOf(request: IncomingMessage, etag: string): number {
  const { range, 'if-range': condition } = request.headers;
  if (condition !== undefined && condition !== etag) return 0;
  return Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
}
