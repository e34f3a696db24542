import { join } from 'node:path';
import { nameDirectorKey } from '@watchpost/shared/trust/director-target.ts';
import { loadDirectorKeys, rotateDirectorKey } from '../rollouts/file-director-key.ts';
import type { Command } from './command.ts';

export const directorRotate: Command = {
  description: `Makes a new key of the director, which signs the orders to boxes. Run it on the machine of the server.
Start the server again, then \`fleetctl director announce\` stages the list of its keys: the server signs with the new one
once targets is signed. A fleet that never announced its keys is told of them at enrolment and renewal; boxes take no
order by the new one before that. Remove the file of an old key when no order it signed is wanted any more.`,
  positionals: [],
  options: { 'data-dir': { value: 'DIR', description: 'data folder of the server' } },
  run: async ({ values }) => {
    const folder = join(values.requireText('data-dir'), 'keys');
    const path = await rotateDirectorKey(folder);
    const [newest = ''] = (await loadDirectorKeys(folder)).publicKeys;
    const keyId = nameDirectorKey(newest);
    return { text: `${path} holds the new key, ${keyId}; start the server again`, json: { path, keyId } };
  },
};
