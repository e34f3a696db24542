import { loadBoardSettings } from './board-profiles.ts';
import type { ConfigInput } from './layers.ts';
import { parseAgentConfig } from './parse.ts';
import type { AgentConfig } from './schema.ts';
import { readYamlFile } from './yaml-file.ts';

export interface ConfigSources extends Pick<ConfigInput, 'env' | 'flags'> {
  /** Path of the YAML file; it must exist. */
  readonly file?: string;
  /** A board profile, or a folder of them, of which this board's is taken. */
  readonly profile?: string;
}

/** The box's own settings. @throws AppError CONFIG_UNREADABLE | CONFIG_INVALID */
export async function loadAgentConfig(sources: ConfigSources): Promise<AgentConfig> {
  return parseAgentConfig(await readConfigInput(sources));
}

/** What the box itself is told, not checked yet. @throws AppError CONFIG_UNREADABLE | CONFIG_INVALID for a profile */
export async function readConfigInput({ file, profile, ...sources }: ConfigSources): Promise<ConfigInput> {
  const board = profile === undefined ? undefined : await loadBoardSettings(profile);
  return {
    ...sources,
    ...(board !== undefined && { profile: board }),
    ...(file !== undefined && { file: { name: file, content: await readYamlFile(file) } }),
  };
}
