import type { CommandState, CommandView } from '@watchpost/shared/api/commands.ts';
import { createProblemFinder } from '@watchpost/shared/kernel/parse.ts';
import { SelfTestFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import { formatFindings } from './findings-text.ts';
import { fitTable } from './table.ts';

const WIDTH = 100;
const WORDS: Readonly<Record<CommandState, string>> = {
  pending: 'waits for the device',
  sent: 'was sent, and has no reply yet',
  done: 'is done',
  failed: 'failed',
  refused: 'was refused',
  expired: 'expired',
};

export function formatCommand(command: CommandView): string {
  const { id, name, deviceId, state, code, detail, result, file } = command;
  const why = [detail, code === undefined ? undefined : `(${code})`].filter((part) => part !== undefined);
  const head = `${name} of ${deviceId} ${WORDS[state]}${why.length > 0 ? `: ${why.join(' ')}` : ''}`;
  return [
    head,
    ...(result === undefined ? [] : formatResult(result)),
    ...(file === undefined ? [] : [`file: ${file.contentType}, ${file.sizeBytes} bytes`]),
    `command ${id}`,
  ].join('\n');
}

const findSelfTestProblems = createProblemFinder(SelfTestFindings);

/** A self-test is a table; anything else a line for each fact. */
function formatResult({ digest, ...rest }: Readonly<Record<string, unknown>>): readonly string[] {
  if (findSelfTestProblems(rest).length === 0) {
    const { summary, lines } = formatFindings(rest as SelfTestFindings, WIDTH);
    return [summary, ...lines];
  }
  const facts = digest === undefined ? rest : { digest, ...rest };
  return Object.entries(facts).map(([key, value]) => `${key}: ${formatValue(value)}`);
}

const formatValue = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Newest first. */
export function formatCommands(commands: readonly CommandView[]): string {
  const rows = commands.map(({ id, name, state, actor, createdAtMs, code, detail }) => [
    id,
    name,
    state,
    new Date(createdAtMs).toISOString(),
    actor,
    [code, detail].filter((part) => part !== undefined).join(': '),
  ]);
  return fitTable(['COMMAND', 'NAME', 'STATE', 'SENT', 'BY', 'WHY'], rows, 160);
}
