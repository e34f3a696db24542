import { describeConfig, renderSampleConfig } from '../config/describe.ts';
import { type ConfigSources, loadAgentConfig } from '../config/yaml-config.ts';

/** `watchpost-agent config`: the settings in force, or what can be set. */
export async function runConfigCommand(
  sources: ConfigSources,
  how: { readonly json: boolean; readonly sample: boolean },
): Promise<number> {
  if (how.sample) process.stdout.write(renderSampleConfig());
  else if (how.json)
    process.stdout.write(`${JSON.stringify(await loadAgentConfig(sources), undefined, 2)}\n`);
  else await explainConfig(sources);
  return 0;
}

async function explainConfig(sources: ConfigSources): Promise<void> {
  process.stdout.write(describeConfig());
  const config = await loadAgentConfig(sources);
  process.stdout.write(
    `\nThese settings are sound: ${config.cameras.length} cameras, server ${config.server.url}.\n`,
  );
}
