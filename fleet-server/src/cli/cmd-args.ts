import { listProblems } from '@watchpost/shared/kernel/parse.ts';
import {
  COMMAND_ARGS,
  COMMAND_NAMES,
  type CommandName,
  findArgsProblems,
  isCommandName,
} from '@watchpost/shared/messages/command.ts';
import { serverError } from '../kernel/errors.ts';

/** @throws AppError USAGE */
export function requireCommandName(text: string): CommandName {
  if (isCommandName(text)) return text;
  throw serverError('USAGE', `there is no command "${text}" for a device, but ${COMMAND_NAMES.join(', ')}`);
}

/**
 * `key=value` texts as what the command takes: numbers and lists (`a,b`) where it wants them.
 * @throws AppError USAGE naming every problem
 */
export function readCommandArgs(name: CommandName, texts: readonly string[]): Record<string, unknown> {
  const properties: Readonly<Record<string, object>> = COMMAND_ARGS[name].properties;
  const args = Object.fromEntries(
    texts.map((text) => {
      const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      if (key === '') throw serverError('USAGE', `--arg "${text}" is not key=value`);
      return [key, readValue(Object.hasOwn(properties, key) ? properties[key] : undefined, value)];
    }),
  );
  const problems = findArgsProblems(name, args);
  if (problems.length > 0) throw serverError('USAGE', `${name}: ${listProblems(problems)}`);
  return args;
}

function readValue(schema: object | undefined, text: string): unknown {
  const type = schema !== undefined && 'type' in schema ? schema.type : undefined;
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  return type === 'array' ? text.split(',') : text;
}
