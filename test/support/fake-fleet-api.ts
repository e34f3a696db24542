import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { CommandView } from '@watchpost/shared/api/commands.ts';
import type { DeploymentHistory } from '@watchpost/shared/api/deployments.ts';
import type { EvidenceView } from '@watchpost/shared/api/evidence.ts';
import type { DeviceView, ErrorReply, LiveMessage, StoredEvent } from '@watchpost/shared/api/fleet.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';

/** What the server answers; the test changes it as it goes. */
export interface FakeFleet {
  devices: DeviceView[];
  /** Newest first. */
  events: StoredEvent[];
  telemetry: readonly Telemetry[];
  /** Newest first, whatever the device. */
  deployments: readonly DeploymentHistory[];
  /** By `device/camera`. */
  pictures: Map<string, Uint8Array>;
  /** By `event/number`. */
  evidencePictures: Map<string, Uint8Array>;
  /** What the server knows of pictures of sightings, by the id of the sighting. */
  evidence: Map<string, EvidenceView>;
  /** What becomes of a command, by what was posted; default: none is taken. */
  onCommand: ((order: unknown) => CommandView) | undefined;
  /** What the person may do. */
  roles: readonly string[];
  /** False: GET /live is refused, as while a server restarts behind a proxy. */
  liveOpen: boolean;
}

export interface FakeFleetApi {
  readonly url: string;
  readonly fleet: FakeFleet;
  /** Sends to every open live stream, and keeps it for the next who asks. */
  push(message: LiveMessage): void;
  /** Ends every open live stream. */
  cutLive(): void;
  close(): Promise<void>;
}

export const USER = 'admin';
export const PASSWORD = 'right';
const ROLES = ['viewer', 'operator', 'qa', 'admin'];

/** The policy the page must run under. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'";

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

/** A stand-in for the fleet server: the built page under a strict policy, canned answers, a live stream. */
export async function startFakeFleetApi(webRoot: string): Promise<FakeFleetApi> {
  const fleet: FakeFleet = {
    devices: [],
    events: [],
    telemetry: [],
    deployments: [],
    pictures: new Map(),
    evidencePictures: new Map(),
    evidence: new Map(),
    onCommand: undefined,
    roles: ROLES,
    liveOpen: true,
  };
  const streams = new Set<ServerResponse>();
  const routes = createRoutes(fleet, streams);

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake');
    const exchange = { request, response, url };
    const handle = url.pathname.startsWith('/api/v1/') ? routes(exchange) : serveFile(exchange, webRoot);
    handle.catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    fleet,
    push(message) {
      remember(fleet, message);
      for (const stream of streams)
        stream.write(`event: ${message.kind}\ndata: ${JSON.stringify(message.data)}\n\n`);
    },
    cutLive() {
      for (const stream of streams) stream.destroy();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type Route = (exchange: Exchange) => void | Promise<void>;

function createRoutes(fleet: FakeFleet, streams: Set<ServerResponse>): (exchange: Exchange) => Promise<void> {
  const routes: readonly (readonly [RegExp, Route])[] = [
    [/^session$/, (exchange) => sessionOf(exchange, fleet)],
    [/^devices$/, ({ response }) => reply(response, { devices: fleet.devices })],
    [/^events$/, ({ response, url }) => reply(response, eventPage(fleet, url.searchParams))],
    [/\/telemetry$/, ({ response }) => reply(response, { samples: fleet.telemetry })],
    [/\/deployments$/, ({ response }) => reply(response, { deployments: fleet.deployments })],
    [/\/evidence(\/\d+)?$/, (exchange) => serveEvidence(exchange, fleet)],
    [/\/commands$/, (exchange) => takeCommand(exchange, fleet)],
    [/\/picture$/, (exchange) => servePicture(exchange, fleet)],
    [/^live$/, ({ response }) => openStream(response, fleet, streams)],
  ];
  return async (exchange) => {
    const { request, response, url } = exchange;
    const path = url.pathname.slice('/api/v1/'.length);
    const known = request.headers.cookie?.includes('session=open') === true;
    if (path === 'session' && request.method === 'POST') await logIn(exchange);
    else if (!known) refuse(response, 401, 'LOGIN_REQUIRED');
    else await findRoute(routes, path)(exchange);
  };
}

function findRoute(routes: readonly (readonly [RegExp, Route])[], path: string): Route {
  const found = routes.find(([pattern]) => pattern.test(path));
  return found?.[1] ?? (({ response }) => refuse(response, 404, 'NOT_FOUND'));
}

async function logIn({ request, response }: Exchange): Promise<void> {
  const { user, password } = await readJson(request);
  if (user !== USER || password !== PASSWORD) {
    refuse(response, 401, 'LOGIN_FAILED');
    return;
  }
  response.setHeader('set-cookie', 'session=open; HttpOnly; SameSite=Strict; Path=/');
  reply(response, { user, expiresAtMs: Date.now() + 3_600_000, roles: ROLES });
}

function sessionOf({ request, response }: Exchange, { roles }: FakeFleet): void {
  if (request.method !== 'DELETE') {
    reply(response, { user: USER, expiresAtMs: Date.now() + 3_600_000, roles });
    return;
  }
  response.setHeader('set-cookie', 'session=; HttpOnly; Path=/; Max-Age=0');
  response.writeHead(204).end();
}

function eventPage(fleet: FakeFleet, search: URLSearchParams): unknown {
  const limit = Number(search.get('limit'));
  const start = Number(search.get('before') ?? 0);
  const events = fleet.events.filter((event) => event.deviceId === search.get('device'));
  const more = events.length > start + limit;
  return { events: events.slice(start, start + limit), ...(more ? { next: start + limit } : {}) };
}

function servePicture({ response, url }: Exchange, fleet: FakeFleet): void {
  const [, , , , device, , camera] = url.pathname.split('/');
  const jpeg = fleet.pictures.get(`${device}/${camera}`);
  if (jpeg) response.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'no-cache' }).end(jpeg);
  else refuse(response, 404, 'NOT_FOUND');
}

function serveEvidence({ response, url }: Exchange, fleet: FakeFleet): void {
  const [, event = '', number] = /events\/([^/]+)\/evidence(?:\/(\d+))?$/.exec(url.pathname) ?? [];
  const jpeg = fleet.evidencePictures.get(`${event}/${number}`);
  const view = fleet.evidence.get(event);
  if (number === undefined && view) reply(response, view);
  else if (jpeg)
    response.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'no-store' }).end(jpeg);
  else refuse(response, 404, 'NOT_FOUND');
}

async function takeCommand({ request, response }: Exchange, fleet: FakeFleet): Promise<void> {
  const order = await readJson(request);
  if (fleet.onCommand === undefined) refuse(response, 403, 'FORBIDDEN');
  else reply(response, fleet.onCommand(order));
}

async function readJson(request: IncomingMessage): Promise<Record<string, string>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

function openStream(response: ServerResponse, fleet: FakeFleet, streams: Set<ServerResponse>): void {
  if (!fleet.liveOpen) {
    refuse(response, 503, 'STORE_FAILED');
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': open\n\n');
  streams.add(response);
  response.on('close', () => streams.delete(response));
}

function remember(fleet: FakeFleet, message: LiveMessage): void {
  if (message.kind === 'event') fleet.events = [message.data, ...fleet.events];
  else if (message.kind === 'device')
    fleet.devices = [...fleet.devices.filter((device) => device.id !== message.data.id), message.data];
}

function reply(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const body: ErrorReply = {
    code,
    message: `refused: ${code}`,
    remedy: `remedy of ${code}`,
    requestId: 'req-1',
  };
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Any path that is no file is the page: it routes by itself. */
async function serveFile({ response, url }: Exchange, webRoot: string): Promise<void> {
  const path = extname(url.pathname) === '' ? '/index.html' : normalize(url.pathname);
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  const body = await readFile(join(webRoot, path)).catch(() => undefined);
  if (body) response.writeHead(200, { 'content-type': type, 'content-security-policy': CSP }).end(body);
  else refuse(response, 404, 'NOT_FOUND');
}
