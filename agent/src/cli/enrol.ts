import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import type { AgentConfig } from '../config/schema.ts';
import { type ConfigSources, loadAgentConfig } from '../config/yaml-config.ts';
import { deviceIdOf } from '../identity/device-id.ts';
import { enrol } from '../identity/enrol.ts';
import { createTlsFetch } from '../identity/tls-fetch.ts';
import { agentError } from '../kernel/errors.ts';
import { AGENT_VERSION } from '../kernel/version.ts';
import { createSysteminformationInventory } from '../telemetry/systeminformation-inventory.ts';

/** `watchpost-agent enrol`: the token comes from a file or standard input, never from an argument others can read. */
export async function runEnrolCommand(
  sources: ConfigSources,
  { tokenFile, isRequest }: { readonly tokenFile: string | undefined; readonly isRequest: boolean },
): Promise<number> {
  const config = await loadAgentConfig(sources);
  return enrolBox(config, isRequest ? undefined : await readToken(tokenFile));
}

/** Joins the fleet of `server.url`. @param token one-time; without one the box waits until it is accepted */
export async function enrolBox(config: AgentConfig, token: string | undefined): Promise<number> {
  const { url: serverUrl, caFile } = config.server;
  const ca = caFile === undefined ? undefined : await readGiven('server.caFile', caFile);
  const identity = await enrol(
    {
      serverUrl,
      ...(token !== undefined && { token }),
      deviceId: config.device.id ?? deviceIdOf(hostname()),
      dataDir: config.dataDir,
      agentVersion: AGENT_VERSION,
      hardware: await createSysteminformationInventory().read(),
      onPending: (fingerprint) =>
        process.stdout.write(`waiting to be accepted; the fingerprint of this box is ${fingerprint}\n`),
      ...(ca !== undefined && { fetch: createTlsFetch(() => ({ ca })) }),
    },
    new AbortController().signal,
  );
  process.stdout.write(
    `enrolled ${identity.deviceId} in fleet ${identity.fleet}; broker ${identity.brokerUrl}\n`,
  );
  return 0;
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
