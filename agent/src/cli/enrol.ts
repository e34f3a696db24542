import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
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
  tokenFile: string | undefined,
): Promise<number> {
  const config = await loadAgentConfig(sources);
  const token = (
    tokenFile === undefined ? await text(process.stdin) : await readGiven('token file', tokenFile)
  ).trim();
  const { url: serverUrl, caFile } = config.server;
  const ca = caFile === undefined ? undefined : await readGiven('server.caFile', caFile);
  const identity = await enrol(
    {
      serverUrl,
      token,
      deviceId: config.device.id ?? deviceIdOf(hostname()),
      dataDir: config.dataDir,
      agentVersion: AGENT_VERSION,
      hardware: await createSysteminformationInventory().read(),
      ...(ca !== undefined && { fetch: createTlsFetch(() => ({ ca })) }),
    },
    new AbortController().signal,
  );
  process.stdout.write(
    `enrolled ${identity.deviceId} in fleet ${identity.fleet}; broker ${identity.brokerUrl}\n`,
  );
  return 0;
}

async function readGiven(what: string, path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw agentError('INPUT_MISSING', `${what} ${path} cannot be read`, { cause });
  });
}
