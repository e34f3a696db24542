import { hostname } from 'node:os';
import { type ConfigSources, loadAgentConfig } from '../config/yaml-config.ts';
import { deviceIdOf } from '../identity/device-id.ts';
import { prepareDeviceKey } from '../identity/enrol.ts';

/** `watchpost-agent fingerprint`: makes the key of the box when it has none yet. */
export async function runFingerprintCommand(sources: ConfigSources): Promise<number> {
  const config = await loadAgentConfig(sources);
  const { fingerprint } = await prepareDeviceKey(config.dataDir);
  process.stdout.write(`${config.device.id ?? deviceIdOf(hostname())},${fingerprint}\n`);
  return 0;
}
