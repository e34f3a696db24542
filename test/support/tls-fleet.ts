import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { EnrolResponse } from '@watchpost/shared/messages/enrolment.ts';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import Value from 'typebox/value';
import type { Fetch, TlsCredentials } from '../../agent/src/identity/port.ts';
import { createTlsFetch } from '../../agent/src/identity/tls-fetch.ts';
import { parseServerFlags } from '../../fleet-server/src/config/flags.ts';
import { type RunningServer, startServer } from '../../fleet-server/src/main.ts';
import { type Box, enrolRequest, keyOf } from './certified-box.ts';

/** A whole fleet server with TLS on free ports. */
export interface TlsFleet {
  readonly url: string;
  readonly mqttUrl: string;
  readonly ca: string;
  readonly dataDir: string;
  /** As a person who is logged in as admin. */
  call(method: string, path: string, body?: unknown): Promise<Response>;
  /** As a box, with the credentials it shows; none: nobody. */
  fetchAs(credentials?: TlsCredentials): Fetch;
  enrol(box: Box, secret?: string): Promise<TlsCredentials>;
  connect(id: string, credentials?: Partial<TlsCredentials>, options?: IClientOptions): Promise<MqttClient>;
  stop(): Promise<void>;
}

export async function startTlsFleet(flags: readonly string[] = []): Promise<TlsFleet> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-tls-'));
  const config = parseServerFlags(['--data-dir', dataDir, '--http-port', '0', '--mqtt-port', '0', ...flags]);
  const server = await startServer(config, silentLogger, new AbortController().signal);
  const ca = await readFile(join(dataDir, 'ca.crt'), 'utf8');
  const url = `https://127.0.0.1:${server.httpPort}`;
  const fetchAs = (credentials?: TlsCredentials): Fetch => createTlsFetch(() => ({ ca, ...credentials }));
  const call = await logIn(url, fetchAs(), dataDir);
  return {
    url,
    mqttUrl: `mqtts://127.0.0.1:${server.mqttPort}`,
    ca,
    dataDir,
    call,
    fetchAs,
    enrol: async (box, secret) => {
      const { token } = (await (await call('POST', 'enrolment-tokens', {})).json()) as { token: string };
      const reply = await fetchAs()(`${url}/api/v1/enrol`, jsonPost(await enrolRequest(box, token, secret)));
      const { certificate: cert } = Value.Parse(EnrolResponse, await reply.json());
      return { key: keyOf(box), cert, ca };
    },
    connect: (id, credentials, options) => connect(server, id, { ca, ...credentials, ...options }),
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}

export const jsonPost = (body: unknown) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

function connect({ mqttPort }: RunningServer, id: string, options: IClientOptions): Promise<MqttClient> {
  const url = `mqtts://127.0.0.1:${mqttPort}`;
  return mqtt.connectAsync(url, { clientId: id, username: id, reconnectPeriod: 0, ...options }, false);
}

async function logIn(url: string, send: Fetch, dataDir: string): Promise<TlsFleet['call']> {
  const password = (await readFile(join(dataDir, 'admin-password'), 'utf8')).trim();
  const reply = await send(`${url}/api/v1/session`, jsonPost({ user: 'admin', password }));
  const cookie = reply.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  return (method, path, body) =>
    send(`${url}/api/v1/${path}`, {
      method,
      headers: { cookie, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
}
