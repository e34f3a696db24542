import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Fetch, TlsCredentials } from '../identity/port.ts';
import type { Connection, ConnectionStep } from './port.ts';

export interface ProbeTarget {
  readonly url: string;
  /** `reach`: no further than the port. */
  readonly depth: 'reach' | 'tls' | 'http';
  /** What this box shows and trusts; Node's own authorities without it. */
  readonly handshake?: Partial<TlsCredentials>;
  readonly fetch?: Fetch;
}

const STEP_LIMIT_MS = 5_000;
const PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'mqtt:': 1883,
  'mqtts:': 8883,
  'rtsp:': 554,
  'rtsps:': 322,
};
const ENCRYPTED = ['https:', 'mqtts:'];

/** Goes one step after the other, until one fails. Leaves nothing open, and logs in nowhere. */
export async function probeConnection(target: ProbeTarget): Promise<Connection> {
  const url = new URL(target.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (PORTS[url.protocol] ?? 0);
  const steps: ConnectionStep[] = [];
  let aheadMs: number | undefined;
  const take = async (name: ConnectionStep['name'], work: () => Promise<string>): Promise<boolean> => {
    const outcome = await attempt(work);
    steps.push({ name, outcome });
    return outcome.kind === 'ok';
  };

  const isNamed = isIP(host) !== 0 || (await take('DNS', () => resolveName(host)));
  const isReached = isNamed && (await take('TCP', () => reach(host, port)));
  const isEncrypted = target.depth !== 'reach' && ENCRYPTED.includes(url.protocol);
  const isTrusted = isReached && (!isEncrypted || (await take('TLS', () => shakeHands(host, port, target))));
  if (isTrusted && target.depth === 'http')
    await take('HTTP', async () => {
      const answer = await ask(url, target);
      aheadMs = answer.aheadMs;
      return answer.found;
    });
  return { steps, ...(aheadMs !== undefined && { aheadMs }) };
}

async function attempt(work: () => Promise<string>): Promise<ConnectionStep['outcome']> {
  try {
    return { kind: 'ok', found: await work() };
  } catch (error) {
    const { code, message, name } = findCause(error);
    if (name === 'AbortError' || name === 'TimeoutError')
      return { kind: 'failed', code: 'ETIMEDOUT', detail: `no answer in ${STEP_LIMIT_MS / 1000} s` };
    return { kind: 'failed', code: code ?? 'unknown', detail: message };
  }
}

/** Node wraps what happened: in the errors of each address it tried, or in "fetch failed". */
function findCause(error: unknown): NodeJS.ErrnoException {
  if (error instanceof AggregateError && error.errors.length > 0) return findCause(error.errors[0]);
  if (!(error instanceof Error)) return new Error(String(error));
  return error.message === 'fetch failed' && error.cause !== undefined ? findCause(error.cause) : error;
}

async function resolveName(host: string): Promise<string> {
  const limit = AbortSignal.timeout(STEP_LIMIT_MS);
  const limited = once(limit, 'abort').then(() => Promise.reject(limit.reason));
  const { address } = await Promise.race([lookup(host), limited]);
  return `${host} is ${address}`;
}

async function reach(host: string, port: number): Promise<string> {
  const startedMs = performance.now();
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(STEP_LIMIT_MS) });
    return `port ${port} answers after ${(performance.now() - startedMs).toFixed(0)} ms`;
  } finally {
    end(socket);
  }
}

async function shakeHands(host: string, port: number, { handshake }: ProbeTarget): Promise<string> {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = connectTls({ host, port, ...servername, ...handshake, minVersion: 'TLSv1.2' });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(STEP_LIMIT_MS) });
    const { valid_to } = socket.getPeerCertificate();
    const until = new Date(valid_to).toISOString().slice(0, 10);
    return `${socket.getProtocol()}, its certificate is trusted, and good until ${until}`;
  } finally {
    end(socket);
  }
}

function end(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.destroy();
}

async function ask(
  url: URL,
  { fetch = globalThis.fetch }: ProbeTarget,
): Promise<{ readonly found: string; readonly aheadMs?: number }> {
  const startedMs = performance.now();
  const reply = await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(STEP_LIMIT_MS) });
  await reply.body?.cancel();
  const tookMs = performance.now() - startedMs;
  const found = `HTTP ${reply.status} after ${tookMs.toFixed(0)} ms`;
  const toldMs = Date.parse(reply.headers.get('date') ?? '');
  // The header has whole seconds.
  return Number.isNaN(toldMs) ? { found } : { found, aheadMs: toldMs + 500 - Date.now() };
}
