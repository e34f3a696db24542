import { AuditPage } from '@watchpost/shared/api/people.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { formatTable } from './table.ts';

const DEFAULT_LIMIT = 100;

export const auditList: Command = {
  description: 'Shows who changed what, oldest first. Needs the role qa or admin.',
  positionals: [],
  options: {
    ...SERVER_OPTIONS,
    after: { value: 'N', description: 'number of the entry to begin after; default 0' },
    limit: { value: 'N', description: `entries to show; default ${DEFAULT_LIMIT}, at most 500` },
  },
  run: async (input) => {
    const after = input.values.integer('after', 0);
    const limit = input.values.integer('limit', DEFAULT_LIMIT);
    const path = `audit?after=${after}&limit=${limit}`;
    const json = await withServer(input, (api) => api.get(path, AuditPage));
    const rows = json.entries.map(({ seq, atMs, actor, action, subject, details }) => [
      String(seq),
      new Date(atMs).toISOString(),
      `${actor.kind} ${actor.id}`,
      action,
      subject,
      JSON.stringify(details),
    ]);
    return { text: formatTable(['N', 'TIME', 'WHO', 'WHAT', 'OF', 'DETAILS'], rows), json };
  },
};
