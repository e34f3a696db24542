import { TrustView } from '@watchpost/shared/api/trust.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { describeStaging } from './staging-text.ts';
import { formatTable } from './table.ts';

export const keysList: Command = {
  description: 'Lists who signs what, until when it holds, and what waits for signatures.',
  positionals: [],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => api.get('trust', TrustView));
    const rows = json.roles.map(({ role, version, expires = '-', threshold, keys }) => [
      role,
      String(version),
      expires,
      `${threshold} of ${keys.length}`,
      keys.map(({ keyId }) => keyId.slice(0, 16)).join(' '),
    ]);
    const table = formatTable(['ROLE', 'VERSION', 'EXPIRES', 'SIGNED BY', 'KEYS'], rows);
    return { text: `${table}\n${describeStaging({ published: [], staged: json.staged })}`, json };
  },
};
