import type { CommandReply } from '@watchpost/shared/messages/command.ts';
import type { CommandOrder } from '@watchpost/shared/trust/command-order.ts';
import type { CommandMemory, KnownCommand } from './port.ts';

export type CommandVerdict =
  | { readonly kind: 'fresh' }
  /** Told before: at each connection the server says again what it has no reply to. */
  | { readonly kind: 'again'; readonly reply?: CommandReply }
  | { readonly kind: 'replayed'; readonly why: string };

export const NOTHING_KNOWN: CommandMemory = { counter: 0, known: [] };

/** Replies that can be said again; commands that are not through are all kept. */
const KEPT_REPLIES = 16;

/** Whether a command is newer than every command before it: the counter of this box only grows. */
export function judgeCommand(
  memory: CommandMemory,
  { id, counter }: Pick<CommandOrder, 'id' | 'counter'>,
): CommandVerdict {
  const known = memory.known.find((command) => command.id === id && command.counter === counter);
  if (known !== undefined) return { kind: 'again', ...(known.reply !== undefined && { reply: known.reply }) };
  if (counter > memory.counter) return { kind: 'fresh' };
  return { kind: 'replayed', why: `its counter is ${counter}, this box is at ${memory.counter}` };
}

export function noteCommand(
  memory: CommandMemory,
  { id, counter }: Pick<CommandOrder, 'id' | 'counter'>,
): CommandMemory {
  return { counter: Math.max(memory.counter, counter), known: [...memory.known, { id, counter }] };
}

export function noteReply({ counter, known }: CommandMemory, reply: CommandReply): CommandMemory {
  const after = known.map((command) => (command.id === reply.id ? { ...command, reply } : command));
  const tooMany = after.filter(isThrough).length - KEPT_REPLIES;
  const dropped = new Set(after.filter(isThrough).slice(0, Math.max(0, tooMany)));
  return { counter, known: after.filter((command) => !dropped.has(command)) };
}

/** The agent ended while it did them: nobody knows how far they came, and none is begun again by itself. */
export function interruptCommands(memory: CommandMemory): CommandMemory {
  return memory.known
    .filter((command) => !isThrough(command))
    .map(
      ({ id }): CommandReply => ({
        id,
        state: 'failed',
        code: 'COMMAND_INTERRUPTED',
        detail: 'the agent ended while it was at it',
      }),
    )
    .reduce(noteReply, memory);
}

const isThrough = ({ reply }: KnownCommand): boolean => reply !== undefined;
