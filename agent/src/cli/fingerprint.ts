import { hostname } from 'node:os';
import { type ConfigSources, loadAgentConfig } from '../config/yaml-config.ts';
import { deviceIdOf } from '../identity/device-id.ts';
import { prepareDeviceKey } from '../identity/enrol.ts';

/** `watchpost-agent fingerprint`: makes the key of the box when it has none yet. */
export async function runFingerprintCommand(
  sources: ConfigSources,
  { json }: { readonly json: boolean },
): Promise<number> {
  const config = await loadAgentConfig(sources);
  const { fingerprint } = await prepareDeviceKey(config.dataDir);
  const deviceId = config.device.id ?? deviceIdOf(hostname());
  process.stdout.write(
    json ? `${JSON.stringify({ deviceId, fingerprint })}\n` : `${deviceId},${fingerprint}\n`,
  );
  return 0;
}
