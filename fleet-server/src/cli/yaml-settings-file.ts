import { readFile } from 'node:fs/promises';
import { isRecord } from '@watchpost/shared/config/find-problems.ts';
import { parse, stringify, YAMLParseError } from 'yaml';
import { serverError } from '../kernel/errors.ts';

/** Settings in YAML or JSON; an empty file has none. @throws AppError FILE_UNREADABLE | SETTINGS_INVALID */
export async function readSettingsFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `the settings ${path} cannot be read`, { cause });
  });
  const content = parseText(text, path) ?? {};
  if (!isRecord(content)) throw serverError('SETTINGS_INVALID', `${path} holds no keys and values`);
  return content;
}

function parseText(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof YAMLParseError)) throw cause;
    throw serverError('SETTINGS_INVALID', `${path}: ${cause.message.split('\n', 1)[0]}`, { cause });
  }
}

/** As such a file. */
export const formatSettings = (settings: object): string => stringify(settings).trimEnd();
