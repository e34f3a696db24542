import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { serverError } from '../kernel/errors.ts';
import { fetchAuditPages } from './audit-source.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const auditExport: Command = {
  description: `Writes the audit log to a file, one JSON document per line: a copy elsewhere shows what somebody with the server
in hand took off its end. Needs the role qa or admin.`,
  positionals: [],
  options: { ...SERVER_OPTIONS, out: { value: 'FILE', description: 'file to write' } },
  run: async (input) => {
    const path = input.values.requireText('out');
    const lines = await withServer(input, async (api) => {
      const all: string[] = [];
      for await (const page of fetchAuditPages(api)) all.push(...page.map(canonicalJson));
      return all;
    });
    await writeFileAtomic(path, lines.map((line) => `${line}\n`).join(''), 0o600).catch((cause: unknown) => {
      throw serverError('FILE_UNREADABLE', `${path} cannot be written`, { cause });
    });
    return { text: `${path} holds ${lines.length} entries`, json: { path, entries: lines.length } };
  },
};
