import { readFile } from 'node:fs/promises';
import { parse, YAMLError } from 'yaml';
import { agentError } from '../kernel/errors.ts';
import type { ConfigInput } from './layers.ts';
import { parseAgentConfig } from './parse.ts';
import type { AgentConfig } from './schema.ts';

export interface ConfigSources extends Pick<ConfigInput, 'env' | 'flags'> {
  /** Path of the YAML file; it must exist. */
  readonly file?: string;
}

/** @throws AppError CONFIG_UNREADABLE | CONFIG_INVALID */
export async function loadAgentConfig({ file, ...sources }: ConfigSources): Promise<AgentConfig> {
  if (file === undefined) return parseAgentConfig(sources);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw agentError('CONFIG_UNREADABLE', `cannot read ${file}`, { cause });
  });
  return parseAgentConfig({ ...sources, file: { name: file, content: parseYaml(file, text) } });
}

function parseYaml(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof YAMLError)) throw cause;
    // What follows the first line is a picture of the place.
    const what = cause.message.split('\n', 1)[0] ?? 'not YAML';
    throw agentError('CONFIG_UNREADABLE', `${file}: ${what}`, { cause });
  }
}
