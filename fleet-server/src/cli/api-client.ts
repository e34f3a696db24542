import { ErrorReply } from '@watchpost/shared/api/fleet.ts';
import { AppError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import { createJsonParser, type Parse } from '@watchpost/shared/kernel/parse.ts';
import type { Static, TSchema } from 'typebox';
import { serverError } from '../kernel/errors.ts';

/** The API of a fleet server, for a user who is logged in. Rejects with the server's own coded errors. */
export interface ApiClient {
  get<S extends TSchema>(path: string, reply: S): Promise<Static<S>>;
  /** A reply that is no JSON, whole. */
  bytes(path: string): Promise<Uint8Array>;
  /** @param limitMs for what takes the server longer than usual */
  post<S extends TSchema>(path: string, body: unknown, reply: S, limitMs?: number): Promise<Static<S>>;
  patch<S extends TSchema>(path: string, body: unknown, reply: S): Promise<Static<S>>;
  /** A PUT of JSON. */
  replace<S extends TSchema>(path: string, body: unknown, reply: S): Promise<Static<S>>;
  /** A POST whose reply is empty. */
  send(path: string, body: unknown): Promise<void>;
  delete(path: string): Promise<void>;
  has(path: string): Promise<boolean>;
  /** Sends bytes as they are read; gives up when nothing moves for a minute. */
  put(path: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** Ends the session; an API token has none. */
  logout(): Promise<void>;
}

export interface ApiTarget {
  /** Address of the server, e.g. https://127.0.0.1:8443 */
  readonly server: string;
  readonly user: string;
  readonly password: string;
}

interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly json?: unknown;
  readonly content?: ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** An answer that came whole. */
interface Reply {
  readonly head: Pick<Response, 'headers' | 'ok' | 'status' | 'url'>;
  readonly body: Uint8Array;
}

type Send = (request: ApiRequest) => Promise<Reply>;

const REPLY_LIMIT_MS = 30_000;
const IDLE_LIMIT_MS = 60_000;
const parseErrorReply = createJsonParser(ErrorReply, 'error reply');

/**
 * Work may last longer than a session: a request that is refused for want of one is made again, once, after another login.
 * @throws AppError USAGE | SERVER_UNREACHABLE | LOGIN_FAILED | LOGIN_RATE
 */
export async function logIn(target: ApiTarget): Promise<ApiClient> {
  const { server } = target;
  requireAddress(server);
  let cookie = await openSession(target);
  const client = createClient(async (request) => {
    try {
      return await send(server, { cookie }, request);
    } catch (error) {
      // A stream of bytes was read by now, and cannot be sent again.
      if (!isAppError(error, 'LOGIN_REQUIRED') || request.content !== undefined) throw error;
      cookie = await openSession(target);
      return send(server, { cookie }, request);
    }
  });
  const logout = async () => void (await send(server, { cookie }, { method: 'DELETE', path: 'session' }));
  return { ...client, logout };
}

/** @returns the cookie of the session */
async function openSession({ server, user, password }: ApiTarget): Promise<string> {
  const request = { method: 'POST', path: 'session', json: { user, password } };
  const { head } = await send(server, {}, request);
  return head.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
}

/** The API for the holder of an API token; whether it is good shows with the first request. */
export function withToken({ server, token }: { readonly server: string; readonly token: string }): ApiClient {
  requireAddress(server);
  const client = createClient((request) => send(server, { authorization: `Bearer ${token}` }, request));
  return { ...client, logout: async () => undefined };
}

/** @throws AppError USAGE */
function requireAddress(server: string): void {
  if (!URL.canParse(server) || !/^https?:/.test(server))
    throw serverError('USAGE', `--server "${server}" is not an http address`);
}

function createClient(request: Send): Omit<ApiClient, 'logout'> {
  return {
    get: async (path, schema) => readReply(await request({ method: 'GET', path }), schema),
    bytes: async (path) => (await request({ method: 'GET', path })).body,
    post: async (path, json, schema, limitMs = REPLY_LIMIT_MS) => {
      const signal = AbortSignal.timeout(limitMs);
      return readReply(await request({ method: 'POST', path, json, signal }), schema);
    },
    patch: async (path, json, schema) => readReply(await request({ method: 'PATCH', path, json }), schema),
    replace: async (path, json, schema) => readReply(await request({ method: 'PUT', path, json }), schema),
    send: async (path, json) => void (await request({ method: 'POST', path, json })),
    delete: async (path) => void (await request({ method: 'DELETE', path })),
    has: async (path) => {
      // A reply to HEAD has no body, so its status is all there is.
      const found = await request({ method: 'HEAD', path }).catch((error: unknown) => {
        if (isAppError(error) && error.kind.http === 404) return undefined;
        throw error;
      });
      return found !== undefined;
    },
    put: async (path, chunks) => {
      const idle = new AbortController();
      const timer = setTimeout(() => idle.abort(), IDLE_LIMIT_MS);
      const content = ReadableStream.from(onEach(chunks, () => timer.refresh()));
      try {
        await request({ method: 'PUT', path, content, signal: idle.signal });
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

async function* onEach(chunks: AsyncIterable<Uint8Array>, listener: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    listener();
    yield chunk;
  }
}

async function send(
  server: string,
  credential: Readonly<Record<string, string>>,
  request: ApiRequest,
): Promise<Reply> {
  const { method, path, json, content, signal = AbortSignal.timeout(REPLY_LIMIT_MS) } = request;
  const url = new URL(`/api/v1/${path}`, server);
  const headers = {
    ...credential,
    ...(json !== undefined && { 'content-type': 'application/json' }),
    ...(content !== undefined && { 'content-type': 'application/octet-stream' }),
  };
  const body = json === undefined ? (content ?? null) : JSON.stringify(json);
  const doing = `${method} ${url.href}`;
  const unreachable = (how: string) => (cause: unknown) => {
    throw serverError('SERVER_UNREACHABLE', `${doing} ${how}`, { cause });
  };
  const head = await fetch(url, { method, headers, body, signal, duplex: 'half' }).catch(
    unreachable('got no answer'),
  );
  const bytes = await head.arrayBuffer().catch(unreachable('got an answer that broke off'));
  const reply = { head, body: new Uint8Array(bytes) };
  if (!head.ok) throw readError(reply, doing);
  return reply;
}

const textOf = ({ body }: Reply): string => new TextDecoder().decode(body);

function readReply<S extends TSchema>(reply: Reply, schema: S): Static<S> {
  const parse: Parse<S> = createJsonParser(schema, `reply of ${reply.head.url}`) as Parse<S>;
  return parse(textOf(reply));
}

/** The server's error, as it was there. */
function readError(reply: Reply, doing: string): AppError {
  const { status } = reply.head;
  const retry = status >= 500 || status === 429;
  const text = textOf(reply);
  if (text === '') return new AppError('NOT_FOUND', { retry, http: status, remedy: 'Check the id.' }, doing);
  try {
    const { code, message, remedy } = parseErrorReply(text);
    return new AppError(code, { retry, http: status, remedy }, message);
  } catch (cause) {
    return serverError('SERVER_UNREACHABLE', `${doing} was answered ${status} by something else`, { cause });
  }
}
