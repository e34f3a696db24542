import { createPublicKey, type KeyObject } from 'node:crypto';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { COMMAND_NAMES, type CommandName, type CommandReply } from '@watchpost/shared/messages/command.ts';
import { COMMAND_TOKEN_TYPE, type CommandOrder } from '@watchpost/shared/trust/command-order.ts';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import { CompactSign } from 'jose';
import { type CommandDesk, createCommandDesk } from '../../agent/src/commands/command-desk.ts';
import { createFileCommandStore } from '../../agent/src/commands/file-command-store.ts';
import type {
  CommandContext,
  CommandOutcome,
  CommandStore,
  CommandTable,
} from '../../agent/src/commands/port.ts';
import { createJwsCommandReader } from '../../agent/src/trust/jws-order.ts';
import { makeKeyPair } from './test-bundle.ts';
import { until } from './until.ts';

export const COMMAND_DIRECTOR = makeKeyPair();
export const COMMANDED_DEVICE = 'gate-3';

/** As the director would sign it, or somebody who is not. */
export function signCommand(
  order: object,
  key: KeyObject = COMMAND_DIRECTOR.privateKey,
  typ = COMMAND_TOKEN_TYPE,
): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(order)))
    .setProtectedHeader({ alg: 'EdDSA', typ, kid: computeKeyId(createPublicKey(key)) })
    .sign(key);
}

export const composeCommand = (counter: number, change: Partial<CommandOrder> = {}): CommandOrder => ({
  deviceId: COMMANDED_DEVICE,
  id: `command-${counter}`,
  name: 'restart-agent',
  args: {},
  counter,
  issuedAtMs: 1_000_000,
  expiresMs: 1_060_000,
  ...change,
});

export type Doing = (args: unknown, context: CommandContext) => Promise<CommandOutcome>;

/** The commands of a box over real files; what they do is the test's. */
export interface CommandedBox {
  readonly dataDir: string;
  /** What was begun, in order. */
  readonly begun: readonly { readonly name: CommandName; readonly id: string; readonly args: unknown }[];
  readonly replies: readonly (CommandReply & { readonly name: CommandName })[];
  readonly clock: { wallMs: number; isSynced: boolean };
  /** As it comes on the topic of `name`. */
  tell(name: CommandName, id: string, command: string): void;
  /** Signs and tells. */
  send(order: CommandOrder): Promise<void>;
  reply(id: string): Promise<CommandReply>;
  /** Waits until everything told so far was judged: a command of its own is through. */
  settle(): Promise<void>;
  stop(): Promise<void>;
  /** Another start, over the same files. */
  restart(): Promise<void>;
}

export async function openCommandedBox(options: {
  readonly dataDir: string;
  readonly table?: Partial<Record<CommandName, Doing>>;
  readonly store?: (real: CommandStore) => CommandStore;
}): Promise<CommandedBox> {
  const { dataDir } = options;
  const begun: { name: CommandName; id: string; args: unknown }[] = [];
  const replies: (CommandReply & { name: CommandName })[] = [];
  const clock = { wallMs: 1_000_000, isSynced: true };
  const files = createFileCommandStore({ dataDir, log: silentLogger });
  const reader = createJwsCommandReader({
    deviceId: COMMANDED_DEVICE,
    directorKeys: { list: async () => [COMMAND_DIRECTOR.publicKey] },
  });
  const table = Object.fromEntries(
    COMMAND_NAMES.map((name) => [
      name,
      async (args: unknown, context: CommandContext) => {
        begun.push({ name, id: context.id, args });
        return options.table?.[name]?.(args, context) ?? {};
      },
    ]),
  ) as unknown as CommandTable;
  let desk: CommandDesk | undefined;
  const start = async (): Promise<void> => {
    desk = createCommandDesk({
      read: (token) => reader.read(token),
      table,
      store: options.store?.(files) ?? files,
      reply: (name, reply) => void replies.push({ ...reply, name }),
      clock: { wallMs: () => clock.wallMs, monotonicMs: () => performance.now() },
      isClockSynced: () => clock.isSynced,
      log: silentLogger,
    });
    await desk.start(new AbortController().signal);
  };
  await start();
  const box: CommandedBox = {
    ...{ dataDir, begun, replies, clock },
    tell: (name, id, command) => desk?.onCommand(name, { id, command }),
    send: async (order) => box.tell(order.name, order.id, await signCommand(order)),
    reply: async (id) => {
      const find = () => replies.findLast((reply) => reply.id === id);
      await until(`a reply to ${id}`, () => find() !== undefined);
      return find() as CommandReply;
    },
    settle: async () => {
      const before = replies.length;
      box.tell('snapshot', 'no-command', 'x'.repeat(20));
      await until('everything is judged', () => replies.slice(before).some(({ id }) => id === 'no-command'));
    },
    stop: async () => desk?.stop(),
    restart: async () => {
      await desk?.stop();
      await start();
    },
  };
  return box;
}
