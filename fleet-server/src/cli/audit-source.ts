import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { AuditPage, AuditRecord } from '@watchpost/shared/api/people.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { serverError } from '../kernel/errors.ts';
import type { ApiClient } from './api-client.ts';

const PAGE = 500;

/** The audit log of a server, page by page, oldest first. */
export async function* fetchAuditPages(api: ApiClient): AsyncGenerator<readonly AuditRecord[]> {
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page: AuditPage = await api.get(`audit?limit=${PAGE}&after=${after}`, AuditPage);
    yield page.entries;
    after = page.next;
  }
}

/**
 * An exported audit log, line by line.
 * @throws AppError FILE_UNREADABLE | MESSAGE_INVALID naming the line
 */
export async function* readAuditFile(path: string): AsyncGenerator<readonly AuditRecord[]> {
  const input = createReadStream(path);
  const opened = new Promise<void>((resolve, reject) => {
    input.once('ready', () => resolve());
    input.once('error', reject);
  });
  await opened.catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `audit log ${path} cannot be read`, { cause });
  });
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text !== '') yield [createJsonParser(AuditRecord, `${path}, line ${line}`)(text)];
  }
}
