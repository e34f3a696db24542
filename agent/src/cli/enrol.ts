import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import type { AgentConfig } from '../config/schema.ts';
import { type ConfigSources, loadAgentConfig } from '../config/yaml-config.ts';
import { deviceIdOf } from '../identity/device-id.ts';
import { enrol } from '../identity/enrol.ts';
import type { Identity } from '../identity/port.ts';
import { createTlsFetch } from '../identity/tls-fetch.ts';
import { agentError } from '../kernel/errors.ts';
import { AGENT_VERSION } from '../kernel/version.ts';
import { createSysteminformationInventory } from '../telemetry/systeminformation-inventory.ts';

interface EnrolOptions {
  readonly request: boolean;
  readonly json: boolean;
  readonly 'token-file'?: string | undefined;
}

/** `watchpost-agent enrol`: the token comes from a file or standard input, never from an argument others can read. */
export async function runEnrolCommand(
  sources: ConfigSources,
  { request, json, 'token-file': tokenFile }: EnrolOptions,
): Promise<number> {
  const config = await loadAgentConfig(sources);
  const token = request ? undefined : await readToken(tokenFile);
  const { stdout, stderr } = process;
  const enrolment = await enrolBox(config, token, (text) => (json ? stderr : stdout).write(text));
  stdout.write(json ? `${JSON.stringify(enrolment)}\n` : describeEnrolment(enrolment));
  return 0;
}

/** Nothing of it is secret. */
export type Enrolment = Pick<Identity, 'deviceId' | 'fleet' | 'brokerUrl'>;

export function describeEnrolment({ deviceId, fleet, brokerUrl }: Enrolment): string {
  return `enrolled ${deviceId} in fleet ${fleet}; broker ${brokerUrl}\n`;
}

/**
 * Joins the fleet of `server.url`.
 * @param token one-time; without one the box waits until it is accepted
 * @param tell what to accept it by
 */
export async function enrolBox(
  config: AgentConfig,
  token: string | undefined,
  tell: (text: string) => unknown,
): Promise<Enrolment> {
  const { url: serverUrl, caFile } = config.server;
  const ca = caFile === undefined ? undefined : await readGiven('server.caFile', caFile);
  const { deviceId, fleet, brokerUrl } = await enrol(
    {
      serverUrl,
      ...(token !== undefined && { token }),
      deviceId: config.device.id ?? deviceIdOf(hostname()),
      dataDir: config.dataDir,
      agentVersion: AGENT_VERSION,
      hardware: await createSysteminformationInventory().read(),
      onPending: (fingerprint) =>
        tell(`waiting to be accepted; the fingerprint of this box is ${fingerprint}\n`),
      ...(ca !== undefined && { fetch: createTlsFetch(() => ({ ca })) }),
    },
    new AbortController().signal,
  );
  return { deviceId, fleet, brokerUrl };
}

async function readToken(tokenFile: string | undefined): Promise<string> {
  const given = tokenFile === undefined ? text(process.stdin) : readGiven('token file', tokenFile);
  return (await given).trim();
}

async function readGiven(what: string, path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw agentError('INPUT_MISSING', `${what} ${path} cannot be read`, { cause });
  });
}
