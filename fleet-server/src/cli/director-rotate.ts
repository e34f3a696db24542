import { join } from 'node:path';
import { rotateDirectorKey } from '../rollouts/file-director-key.ts';
import type { Command } from './command.ts';

export const directorRotate: Command = {
  description: `Makes a new key of the director, which signs the orders to boxes. Run it on the machine of the server.
From its next start on the server signs with the new key; boxes learn of it when they enrol or renew their certificate,
and take no order before that. Remove the file of an old key when no order it signed is wanted any more.`,
  positionals: [],
  options: { 'data-dir': { value: 'DIR', description: 'data folder of the server' } },
  run: async ({ values }) => {
    const path = await rotateDirectorKey(join(values.requireText('data-dir'), 'keys'));
    return { text: `${path} holds the new key; start the server again`, json: { path } };
  },
};
