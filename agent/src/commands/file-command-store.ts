import { join } from 'node:path';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { CommandId, CommandReply } from '@watchpost/shared/messages/command.ts';
import { CommandOrder } from '@watchpost/shared/trust/command-order.ts';
import Type from 'typebox';
import { loadRecord } from '../kernel/record-file.ts';
import { inStore } from '../kernel/store-error.ts';
import type { CommandMark, CommandStore, KnownCommand } from './port.ts';

const closed = { additionalProperties: false } as const;
const { counter } = CommandOrder.properties;

const parseMark: (text: string) => CommandMark = createJsonParser(
  Type.Object({ counter: Type.Integer({ minimum: 0 }) }, closed),
  'newest command',
);
const parseKnown: (text: string) => readonly KnownCommand[] = createJsonParser(
  Type.Array(Type.Object({ id: CommandId, counter, reply: Type.Optional(CommandReply) }, closed)),
  'commands',
);

/** Names of files and what models found are in it. */
const OWNER_ONLY = 0o600;

/** Mark and replies apart, so that what damages the one leaves the other: either of them keeps replays out. */
export function createFileCommandStore(options: {
  readonly dataDir: string;
  readonly log: Logger;
}): CommandStore {
  const { dataDir, log } = options;
  const markFile = join(dataDir, 'command-mark.json');
  const knownFile = join(dataDir, 'command-replies.json');
  const save = (path: string, record: unknown): Promise<void> =>
    inStore(`saving ${path}`, () => writeFileAtomic(path, `${JSON.stringify(record)}\n`, OWNER_ONLY));
  return {
    load: () =>
      inStore('reading the commands', async () => {
        const mark = await loadRecord(markFile, parseMark, log);
        const known = (await loadRecord(knownFile, parseKnown, log)) ?? [];
        const counters = [mark?.counter ?? 0, ...known.map((command) => command.counter)];
        return { counter: Math.max(...counters), known };
      }),
    save: async (memory) => {
      await save(markFile, { counter: memory.counter });
      await save(knownFile, memory.known);
    },
  };
}
