import { AGENT_ERRORS } from '@watchpost/agent/kernel/errors.ts';
import { SERVER_ERRORS } from '@watchpost/fleet-server/kernel/errors.ts';
import { type ErrorKind, SHARED_ERRORS } from '@watchpost/shared/kernel/errors.ts';

export const BEGIN = '<!-- error codes: written by `npm run docs` -->';
export const END = '<!-- end of error codes -->';

const TABLES: readonly (readonly [who: string, table: Readonly<Record<string, ErrorKind>>])[] = [
  ['both', SHARED_ERRORS],
  ['agent', AGENT_ERRORS],
  ['server', SERVER_ERRORS],
];

/** Every code with who raises it, whether trying again may help, and what a person does. */
export function renderErrorCodes(): string {
  const rows = TABLES.flatMap(([who, table]) =>
    Object.entries(table).map(
      ([code, { retry, remedy }]) => `| \`${code}\` | ${who} | ${retry ? 'yes' : 'no'} | ${remedy} |`,
    ),
  );
  return [BEGIN, '| code | raised by | retried | what to do |', '|---|---|---|---|', ...rows, END].join('\n');
}

/** @throws Error when the README has no place for the codes */
export function withErrorCodes(readme: string): string {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error(`README.md has no "${BEGIN}" … "${END}"`);
  return readme.slice(0, from) + renderErrorCodes() + readme.slice(to + END.length);
}
