import { readFile } from 'node:fs/promises';
import { parse, stringify, YAMLError } from 'yaml';
import { agentError } from '../kernel/errors.ts';

/** What a YAML file holds. @throws AppError CONFIG_UNREADABLE */
export async function readYamlFile(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw agentError('CONFIG_UNREADABLE', `cannot read ${file}`, { cause });
  });
  return parseYaml(file, text);
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

export const formatYaml = (tree: unknown): string => stringify(tree);
