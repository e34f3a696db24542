import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHttpWorld, type HttpWorld } from '../../support/http-world.ts';

/** What no reply may hold: it lies beside the folders that are served. */
export const SECRET = 'what nobody outside may read';

/** The whole API on a socket, over a database on disk, with a page to serve and a secret beside it. */
export interface HttpStage {
  readonly world: HttpWorld;
  readonly port: number;
  /** Cookie of the user `admin`. */
  readonly cookie: string;
  close(): Promise<void>;
}

export async function openHttpStage(): Promise<HttpStage> {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-attacks-'));
  const webDir = join(folder, 'web');
  await mkdir(join(webDir, 'assets'), { recursive: true });
  await writeFile(join(webDir, 'index.html'), '<title>Watchpost</title>');
  await writeFile(join(webDir, 'assets', 'app.js'), 'start()');
  await writeFile(join(webDir, '.hidden'), SECRET);
  await writeFile(join(folder, 'secret'), SECRET);
  const world = await createHttpWorld({ webDir });
  await world.app.listen({ port: 0, host: '127.0.0.1' });
  return {
    world,
    port: (world.app.server.address() as AddressInfo).port,
    cookie: await world.login(),
    close: async () => {
      await world.close();
      await rm(folder, { recursive: true });
    },
  };
}

export interface RawRequest {
  readonly port: number;
  readonly method: string;
  /** Sent as it is: nothing is normalised. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** HTTPS, trusting this authority. */
  readonly ca?: string;
}

export interface RawReply {
  readonly status: number;
  readonly body: string;
}

/** @returns status 0 when the server ended the connection instead of answering */
export async function sendRaw({ port, body, ca, ...options }: RawRequest): Promise<RawReply> {
  const common = { ...options, port, host: '127.0.0.1', agent: false as const };
  const sent = ca === undefined ? requestHttp(common) : requestHttps({ ...common, ca });
  // A server that has answered may still end the connection while the body is on its way.
  sent.on('error', () => undefined);
  sent.end(body);
  try {
    const [reply] = (await once(sent, 'response')) as [
      NodeJS.ReadableStream & { readonly statusCode: number },
    ];
    let text = '';
    for await (const chunk of reply) text += String(chunk);
    return { status: reply.statusCode, body: text };
  } catch (error) {
    if (isEnded(error)) return { status: 0, body: '' };
    throw error;
  } finally {
    sent.destroy();
  }
}

const isEnded = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');

/** Refused as the fault of the caller: not found and not done, not broken and not answered. */
export const isTurnedDown = ({ status }: RawReply): boolean =>
  status === 0 || (status >= 400 && status < 500);
