import { parseArgs } from 'node:util';
import { createProblemFinder } from '@watchpost/shared/kernel/parse.ts';
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { serverError } from '../kernel/errors.ts';
import { ServerConfig } from './schema.ts';

interface Setting {
  readonly name: keyof ServerConfig & string;
  /** `httpPort` is given as `--http-port`. */
  readonly flag: string;
  readonly schema: TSchema & { readonly default?: unknown; readonly description?: string };
}

const SETTINGS: readonly Setting[] = Object.entries(ServerConfig.properties).map(([name, schema]) => ({
  name: name as Setting['name'],
  flag: name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  schema,
}));

const findProblems = createProblemFinder(ServerConfig);

/**
 * Defaults < flags, checked and frozen.
 * @throws AppError CONFIG_INVALID naming every flag that is wrong
 */
export function parseServerFlags(args: readonly string[]): ServerConfig {
  const given = readFlags(args);
  const value = Value.Default(ServerConfig, Value.Convert(ServerConfig, given));
  const problems = findProblems(value).map(({ path, message }) => `\n  ${flagOf(path)} ${message}`);
  if (problems.length > 0) throw serverError('CONFIG_INVALID', `wrong settings:${problems.join('')}\n`);
  return Object.freeze(value as ServerConfig);
}

function readFlags(args: readonly string[]): Readonly<Record<string, unknown>> {
  const options = Object.fromEntries(
    SETTINGS.map(({ flag, schema }) => [flag, { type: isSwitch(schema) ? 'boolean' : 'string' } as const]),
  );
  try {
    const { values } = parseArgs({ args: [...args], options });
    return Object.fromEntries(
      SETTINGS.filter(({ flag }) => values[flag] !== undefined).map(({ name, flag }) => [name, values[flag]]),
    );
  } catch (cause) {
    throw serverError('CONFIG_INVALID', cause instanceof Error ? cause.message : 'wrong flags', { cause });
  }
}

const isSwitch = (schema: TSchema): boolean => 'type' in schema && schema.type === 'boolean';

function flagOf(path: string): string {
  const setting = SETTINGS.find(({ name }) => path === `/${name}`);
  return setting === undefined ? path : `--${setting.flag}`;
}

/** One line a flag, with its default. */
export function describeServerFlags(): string {
  return SETTINGS.map(({ flag, schema }) => {
    const standard =
      schema.default === undefined || isSwitch(schema) ? '' : ` (default ${String(schema.default)})`;
    return `  --${flag.padEnd(22)}${schema.description ?? ''}${standard}`;
  }).join('\n');
}
