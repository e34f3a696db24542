import type { Command, CommandEntry, OptionSpec } from './command.ts';
import { formatTable, wrapText } from './table.ts';

const WIDTH = 100;

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
  const flags = Object.entries({ ...options, ...COMMON_OPTIONS }).map(
    ([option, spec]) =>
      [
        `  ${spec.short === undefined ? '' : `-${spec.short}, `}--${option}${spec.value === undefined ? '' : ` ${spec.value}`}`,
        spec.description,
      ] as const,
  );
  const flagWidth = Math.max(...flags.map(([flag]) => flag.length));
  const rows = flags.flatMap(([flag, text]) =>
    wrapText(text, WIDTH - flagWidth - 2).map((line, index) => [index === 0 ? flag : '', line]),
  );
  const usage = ['fleetctl', name, ...positionals, '[options]'].join(' ');
  return [usage, '', ...wrapText(description, WIDTH), '', formatTable(['OPTIONS', ''], rows)].join('\n');
}
