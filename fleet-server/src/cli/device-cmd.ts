import { CommandList } from '@watchpost/shared/api/commands.ts';
import { COMMAND_NAMES } from '@watchpost/shared/messages/command.ts';
import { serverError } from '../kernel/errors.ts';
import { readCommandArgs, requireCommandName } from './cmd-args.ts';
import { awaitCommand, commandsPath, fetchCommandFile, savePrivately, sendCommand } from './cmd-order.ts';
import { formatCommand, formatCommands } from './cmd-text.ts';
import type { Command, CommandInput } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const deviceCmd: Command = {
  description: `Sends a command to a device: ${COMMAND_NAMES.join(', ')}. With --wait it is waited for: exit status 0 means
that it is done, 1 that it failed, was refused or expired. A device that is away gets it when it connects in
time.

snapshot and restart-camera take --arg camera=ID; evidence takes --arg event=ID, and its pictures are fetched
with device evidence; loglevel takes --arg level=debug --arg minutes=30; diagnostics takes
--arg parts=doctor,log,settings,records and --arg lines=500, or nothing. Needs the role operator.`,
  positionals: ['ID', 'NAME'],
  options: {
    ...SERVER_OPTIONS,
    arg: { value: 'KEY=VALUE', description: 'what the command is told; may be given again', multiple: true },
    'expires-sec': {
      value: 'SECONDS',
      description: 'how long anybody waits for it; default: by the command, from 60 s to 20 min',
    },
    wait: { description: 'wait for its end' },
    out: { value: 'FILE', description: 'where to write the file it brings; waits for it' },
  },
  run: (input) => {
    const { values, positionals } = input;
    const name = requireCommandName(positionals[1] ?? '');
    const args = readCommandArgs(name, values.texts('arg'));
    const expiresSec = values.integer('expires-sec', 0);
    const wanted = { name, args, ...(expiresSec > 0 && { expiresSec }) };
    return withServer(input, async (api) => {
      const sent = await sendCommand(api, positionals[0] ?? '', wanted);
      const out = values.text('out');
      const isWanted = out !== undefined || values.isSet('wait');
      const json = isWanted ? await awaitCommand(api, sent) : sent;
      if (out !== undefined && json.state === 'done') {
        if (json.file === undefined) throw serverError('USAGE', `${name} brings no file for --out`);
        await savePrivately(out, await fetchCommandFile(api, json));
      }
      return { text: formatCommand(json), json, isFailure: isWanted && json.state !== 'done' };
    });
  },
};

export const deviceCommands: Command = {
  description: 'Lists the commands a device was sent, newest first, with what came of them.',
  positionals: ['ID'],
  options: { ...SERVER_OPTIONS, limit: { value: 'N', description: 'how many at most; default 20' } },
  run: async (input: CommandInput) => {
    const { values, positionals } = input;
    const path = `${commandsPath(positionals[0] ?? '')}?limit=${values.integer('limit', 20)}`;
    const json = await withServer(input, (api) => api.get(path, CommandList));
    return { text: formatCommands(json.commands), json };
  },
};
