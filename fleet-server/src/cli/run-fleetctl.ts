import { parseArgs } from 'node:util';
import { AppError, describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import { serverError } from '../kernel/errors.ts';
import { type Command, OptionValues, type Progress } from './command.ts';
import { COMMANDS } from './commands.ts';
import { COMMON_OPTIONS, formatHelp, formatOverview } from './help.ts';

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(line: string): void;
  error(line: string): void;
  readonly progress: Progress;
  /** Absent where nobody sits. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

/** @returns the exit status: 0 done, 1 failed, 2 wrong usage */
export async function runFleetctl(args: readonly string[], terminal: Terminal): Promise<0 | 1 | 2> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    terminal.error(args.includes('--json') ? formatJsonError(error) : `fleetctl: ${describeError(error)}`);
    return isAppError(error, 'USAGE') ? 2 : 1;
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<0 | 1> {
  const show = (help: string): 0 => {
    terminal.out(help);
    return 0;
  };
  if (args[0] === '--help' || args[0] === 'help') return show(formatOverview(COMMANDS));
  const { name, entry, rest } = findCommand(args);
  const command = await entry.load();
  if (rest.includes('--help')) return show(formatHelp(name, command));
  const { values, positionals } = readArguments(command, rest);
  const { env, progress, confirm } = terminal;
  const result = await command.run({
    values: new OptionValues(values),
    ...{ positionals, env, progress },
    ...(confirm && { confirm }),
  });
  terminal.out(values.json === true ? JSON.stringify(result.json) : result.text);
  return result.isFailure === true ? 1 : 0;
}

/** Names have one word to three. @throws AppError USAGE */
function findCommand(args: readonly string[]) {
  for (const words of [3, 2, 1]) {
    const name = args.slice(0, words).join(' ');
    const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (entry !== undefined) return { name, entry, rest: args.slice(words) };
  }
  const [room, verb] = args;
  const given = [room, verb].filter((word) => word !== undefined).join(' ');
  throw serverError('USAGE', given === '' ? 'a command is missing' : `there is no command "${given}"`);
}

/** @throws AppError USAGE */
function readArguments(command: Command, args: readonly string[]) {
  const specs = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  const options = Object.fromEntries(
    specs.map(([name, { value, multiple = false, short }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple,
        ...(short !== undefined && { short }),
      },
    ]),
  );
  const parsed = parse(args, options);
  const given = parsed.positionals.length;
  const needed = command.positionals.filter((name) => !name.startsWith('[')).length;
  const atMost = command.positionals.at(-1)?.endsWith('...') ? given : command.positionals.length;
  if (given < needed || given > atMost) {
    const wanted = command.positionals.join(' ') || 'nothing';
    throw serverError(
      'USAGE',
      `expected ${wanted} beside the options, got "${parsed.positionals.join(' ')}"`,
    );
  }
  return parsed;
}

type ParseOptions = Record<
  string,
  { readonly type: 'boolean' | 'string'; readonly multiple: boolean; readonly short?: string }
>;

function parse(args: readonly string[], options: ParseOptions) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    // parseArgs throws for nothing but what the person typed, in words for that person.
    throw serverError('USAGE', cause instanceof Error ? cause.message : 'the options cannot be read', {
      cause,
    });
  }
}

function formatJsonError({ code, message, kind }: AppError): string {
  return JSON.stringify({ code, message, remedy: kind.remedy });
}
