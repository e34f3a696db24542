import { serverError } from '../kernel/errors.ts';
import type { Command, CommandEntry } from './command.ts';
import { formatCompletion, SHELLS } from './completion-script.ts';
import { COMMON_OPTIONS } from './help.ts';

export const createCompletion = (table: Readonly<Record<string, CommandEntry>>): Command => ({
  description: `Prints what makes a shell complete the commands and options of fleetctl, for bash, zsh or fish; its first line says
where it goes.`,
  positionals: ['SHELL'],
  options: {},
  run: async ({ positionals: [name = ''] }) => {
    const shell = SHELLS.find((known) => known === name);
    if (shell === undefined) throw serverError('USAGE', `"${name}" is none of ${SHELLS.join(', ')}`);
    const commands = await Promise.all(
      Object.entries(table).map(async ([command, { summary, load }]) => {
        const { options } = await load();
        return { name: command, summary, options: { ...options, ...COMMON_OPTIONS } };
      }),
    );
    const script = formatCompletion(shell, commands);
    return { text: script, json: { shell, script } };
  },
});
