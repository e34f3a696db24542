import type { Command, OptionSpec } from './command.ts';
import type { CommandEntry } from './commands.ts';
import { formatTable } from './table.ts';

/** Options of every command. */
export const COMMON_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  json: { description: 'the result as one JSON document' },
  help: { description: 'this text' },
};

export function formatOverview(commands: Readonly<Record<string, CommandEntry>>): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => [`  ${name}`, summary]);
  return [
    'fleetctl: the fleet server from the command line',
    '',
    formatTable(['COMMANDS', ''], rows),
    '',
    'fleetctl COMMAND --help tells more. Exit status: 0 done, 1 failed, 2 wrong usage.',
  ].join('\n');
}

export function formatHelp(name: string, { positionals, options, description }: Command): string {
  const rows = Object.entries({ ...options, ...COMMON_OPTIONS }).map(([option, spec]) => [
    `  --${option}${spec.value === undefined ? '' : ` ${spec.value}`}`,
    spec.description,
  ]);
  const usage = ['fleetctl', name, ...positionals, '[options]'].join(' ');
  return [usage, '', description, '', formatTable(['OPTIONS', ''], rows)].join('\n');
}
