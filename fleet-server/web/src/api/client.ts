import type {
  DeploymentChangeView,
  DeploymentHistory,
  DeploymentHistoryPage,
} from '@watchpost/shared/api/deployments.ts';
import type {
  DeviceView,
  ErrorReply,
  EventPage,
  StoredEvent,
  TelemetryHistory,
} from '@watchpost/shared/api/fleet.ts';
import type { LoginRequest, SessionView } from '@watchpost/shared/api/registry.ts';

export type { DeploymentHistory, DeviceView, EventPage, LoginRequest, SessionView, StoredEvent };
export type DeploymentChange = DeploymentChangeView;
export type CameraView = DeviceView['cameras'][number];
export type Telemetry = TelemetryHistory['samples'][number];

/** A request that failed, in the words of the server: what was wrong and what to do about it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly reply: ErrorReply;

  constructor(status: number, reply: ErrorReply, options?: ErrorOptions) {
    super(reply.message, options);
    this.status = status;
    this.reply = reply;
  }
}

/** A picture and what tells it from the one before; no version means it cannot be told. */
export interface Picture {
  readonly jpeg: Blob;
  readonly version: string | undefined;
}

export interface EventQuery {
  readonly device: string;
  readonly limit: number;
  readonly before?: number | undefined;
}

/** The fleet server's API, as far as the page uses it. Every method rejects with `ApiError`, or when aborted. */
export interface Api {
  session(): Promise<SessionView>;
  logIn(request: LoginRequest): Promise<void>;
  logOut(): Promise<void>;
  devices(signal: AbortSignal): Promise<readonly DeviceView[]>;
  events(query: EventQuery, signal: AbortSignal): Promise<EventPage>;
  telemetry(device: string, signal: AbortSignal): Promise<readonly Telemetry[]>;
  /** @returns undefined when the device was never ordered to run anything */
  latestDeployment(device: string, signal: AbortSignal): Promise<DeploymentHistory | undefined>;
  /** @returns undefined while the camera has no picture */
  picture(device: string, camera: string, signal: AbortSignal): Promise<Picture | undefined>;
  /** A reply as its schema in shared says; for rooms of the page that know theirs. */
  get<T>(path: string, signal: AbortSignal): Promise<T>;
  post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T>;
  /** Called when a request is refused because nobody is logged in. @returns unsubscribes */
  onSessionLost(listener: () => void): () => void;
}

const TIMEOUT_MS = 15_000;

export function createApi(): Api {
  const listeners = new Set<() => void>();

  async function send<T>(
    path: string,
    init: RequestInit,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit;
    const giveUp = (cause: unknown): never => {
      init.signal?.throwIfAborted();
      throw unreachable(cause);
    };
    const response = await fetch(`/api/v1/${path}`, { ...init, signal }).catch(giveUp);
    // An answer may break off after its head.
    if (response.ok) return read(response).catch(giveUp);
    if (response.status === 401) for (const listener of listeners) listener();
    throw new ApiError(response.status, await readError(response));
  }

  const get = <T>(path: string, signal?: AbortSignal): Promise<T> =>
    send(path, signal ? { signal } : {}, readJson<T>);

  return {
    session: () => get<SessionView>('session'),
    logIn: (request) => send('session', jsonPost(request), readNothing),
    logOut: () => send('session', { method: 'DELETE' }, readNothing),
    devices: async (signal) => (await get<{ devices: DeviceView[] }>('devices', signal)).devices,
    events: (query, signal) => get<EventPage>(`events?${eventSearch(query)}`, signal),
    telemetry: async (device, signal) =>
      (await get<TelemetryHistory>(`devices/${device}/telemetry`, signal)).samples,
    latestDeployment: async (device, signal) =>
      (await get<DeploymentHistoryPage>(`devices/${device}/deployments?limit=1`, signal)).deployments[0],
    picture: (device, camera, signal) =>
      send(`devices/${device}/cameras/${camera}/picture`, { signal, cache: 'no-cache' }, readPicture).catch(
        absentPicture,
      ),
    get,
    post: <T>(path: string, body: unknown, signal?: AbortSignal) =>
      send(path, { ...jsonPost(body), ...(signal && { signal }) }, readJson<T>),
    onSessionLost: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function jsonPost(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function eventSearch({ device, limit, before }: EventQuery): string {
  const search = new URLSearchParams({ device, limit: String(limit) });
  if (before !== undefined) search.set('before', String(before));
  return search.toString();
}

/** The server of the same origin and build is the only one that answers, and it checks its replies by schema. */
async function readJson<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

async function readNothing(): Promise<void> {}

async function readPicture(response: Response): Promise<Picture> {
  const version = response.headers.get('etag') ?? response.headers.get('last-modified') ?? undefined;
  return { jpeg: await response.blob(), version };
}

function absentPicture(error: unknown): undefined {
  if (error instanceof ApiError && error.status === 404) return undefined;
  throw error;
}

async function readError(response: Response): Promise<ErrorReply> {
  const reply: unknown = await response.json().catch(() => undefined);
  if (typeof reply === 'object' && reply !== null && 'code' in reply) return reply as ErrorReply;
  return {
    code: `HTTP_${response.status}`,
    message: `The server answered ${response.status} ${response.statusText}`.trim(),
    remedy: 'Something between this browser and the fleet server answered in its place: check the proxy.',
    requestId: '',
  };
}

function unreachable(cause: unknown): ApiError {
  const reply = {
    code: 'SERVER_UNREACHABLE',
    message: 'The fleet server does not answer',
    remedy: 'Check that it runs and that this computer reaches it.',
    requestId: '',
  };
  return new ApiError(0, reply, { cause });
}
