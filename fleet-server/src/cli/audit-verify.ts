import type { AuditRecord } from '@watchpost/shared/api/people.ts';
import { type ChainHead, findBreak, GENESIS } from '../audit/chain.ts';
import { serverError } from '../kernel/errors.ts';
import { fetchAuditPages, readAuditFile } from './audit-source.ts';
import type { Command, CommandInput } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const auditVerify: Command = {
  description: `Computes every hash of an audit log again, and says at which entry it breaks: that of a server (needs the role qa or
admin), or of an exported file, without a server. The chain cannot tell that entries were taken off its end; --contains
does, given the last entry of a time before, as this command showed it.`,
  positionals: [],
  options: {
    ...SERVER_OPTIONS,
    file: { value: 'FILE', description: 'an exported audit log, instead of a server' },
    contains: { value: 'N:HASH', description: 'an entry the log must still hold' },
  },
  run: async (input) => {
    const mark = parseMark(input.values.text('contains'));
    const head = await checkChosen(input, mark);
    const json = { entries: head.seq, head: head.hash };
    return { text: `${head.seq} entries follow each other; the last is ${head.seq}:${head.hash}`, json };
  },
};

function checkChosen(input: CommandInput, mark: ChainHead | undefined): Promise<ChainHead> {
  const file = input.values.text('file');
  if (file !== undefined) return checkChain(readAuditFile(file), mark);
  return withServer(input, (api) => checkChain(fetchAuditPages(api), mark));
}

/** @throws AppError AUDIT_BROKEN naming the entry */
async function checkChain(
  pages: AsyncIterable<readonly AuditRecord[]>,
  mark: ChainHead = GENESIS,
): Promise<ChainHead> {
  let head = GENESIS;
  for await (const page of pages)
    for (const entry of page) {
      const reason = findBreak(head, entry) ?? findOther(mark, entry);
      if (reason !== undefined) throw serverError('AUDIT_BROKEN', `entry ${entry.seq}: ${reason}`);
      head = entry;
    }
  if (head.seq < mark.seq)
    throw serverError('AUDIT_BROKEN', `entry ${mark.seq}: the log ends with ${head.seq}`);
  return head;
}

function findOther(mark: ChainHead, entry: AuditRecord): string | undefined {
  return entry.seq === mark.seq && entry.hash !== mark.hash ? 'it is another one than it was' : undefined;
}

/** @throws AppError USAGE */
function parseMark(text: string | undefined): ChainHead | undefined {
  if (text === undefined) return undefined;
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined)
    throw serverError('USAGE', `--contains "${text}" is not a number, a colon and a hash`);
  return { seq: Number(seq), hash };
}
