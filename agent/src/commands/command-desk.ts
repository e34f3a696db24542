import { once } from 'node:events';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import { AppError, describeError, isAppError, sharedError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { listProblems } from '@watchpost/shared/kernel/parse.ts';
import {
  type CommandName,
  type CommandReply,
  type CommandRequest,
  findArgsProblems,
} from '@watchpost/shared/messages/command.ts';
import type { CommandOrder } from '@watchpost/shared/trust/command-order.ts';
import type { Clock } from '../kernel/clock.ts';
import { agentError } from '../kernel/errors.ts';
import { computeRemainingMs } from './command-deadline.ts';
import { interruptCommands, judgeCommand, NOTHING_KNOWN, noteCommand, noteReply } from './command-memory.ts';
import { composeReply, refuse } from './command-reply.ts';
import type { CommandContext, CommandMemory, CommandOutcome, CommandStore, CommandTable } from './port.ts';

export interface CommandDeskDeps {
  /**
   * Reads what the director signed: genuine, and for this box.
   * @throws AppError ORDER_INVALID; STORE_FAILED | DISK_FULL: cannot tell now
   */
  readonly read: (token: string) => Promise<CommandOrder>;
  readonly table: CommandTable;
  readonly store: CommandStore;
  readonly reply: (name: CommandName, reply: CommandReply) => void;
  readonly clock: Clock;
  readonly isClockSynced: () => boolean;
  readonly log: Logger;
}

/** Does what the fleet asks for, once. */
export interface CommandDesk extends Component {
  /** @param name by the topic it came on */
  onCommand(name: CommandName, request: CommandRequest): void;
}

/** Commands of one lane are done one after the other: two that measure the processor would measure each other. */
const LANES: Readonly<Record<CommandName, string>> = {
  snapshot: 'snapshot',
  evidence: 'evidence',
  selftest: 'model',
  benchmark: 'model',
  'restart-camera': 'camera',
  'restart-agent': 'agent',
  loglevel: 'loglevel',
  diagnostics: 'diagnostics',
};
/** Of one lane, with the one that is being done. */
const MAX_IN_LANE = 4;

export function createCommandDesk(deps: CommandDeskDeps): CommandDesk {
  return new LanedCommandDesk(deps);
}

/** A genuine command whose turn comes. */
interface Due {
  readonly order: CommandOrder;
  /** Monotonic. */
  readonly deadlineMs: number;
}

class LanedCommandDesk implements CommandDesk {
  readonly name = 'commands';
  readonly #deps: CommandDeskDeps;
  readonly #stopping = new AbortController();
  readonly #loaded = Promise.withResolvers<void>();
  /** Commands are judged one after the other, in the order they came. */
  #judging: Promise<void> = this.#loaded.promise;
  readonly #lanes = new Map<string, { length: number; tail: Promise<void> }>();
  #memory: CommandMemory = NOTHING_KNOWN;
  /** One after the other, so that the newest is written last. */
  #saving: Promise<void> = Promise.resolve();

  constructor(deps: CommandDeskDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#memory = interruptCommands(await this.#load());
    this.#loaded.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#judging;
    await Promise.all([...this.#lanes.values()].map(({ tail }) => tail));
  }

  onCommand(name: CommandName, request: CommandRequest): void {
    this.#judging = this.#judging.then(() =>
      this.#stopping.signal.aborted ? undefined : this.#judge(name, request),
    );
  }

  async #judge(name: CommandName, request: CommandRequest): Promise<void> {
    const { log, reply } = this.#deps;
    try {
      const order = await this.#read(name, request);
      const verdict = judgeCommand(this.#memory, order);
      if (verdict.kind === 'again') {
        if (verdict.reply !== undefined) reply(name, verdict.reply);
        return;
      }
      if (verdict.kind === 'replayed')
        throw sharedError('ORDER_REPLAYED', `the command was refused: ${verdict.why}`);
      await this.#take(order);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn({ id: request.id, name, code: error.code, error: describeError(error) }, 'command refused');
      reply(name, refuse(request.id, error.kind.retry ? 'failed' : 'refused', error));
    }
  }

  /** @throws AppError ORDER_INVALID, and as `CommandDeskDeps.read` */
  async #read(name: CommandName, { id, command }: CommandRequest): Promise<CommandOrder> {
    const order = await this.#deps.read(command);
    if (order.id === id && order.name === name) return order;
    throw sharedError('ORDER_INVALID', `the command was signed as ${order.name} ${order.id}`);
  }

  /** On disk before it is begun: whatever cuts it short, it is not begun twice. */
  async #take(order: CommandOrder): Promise<void> {
    const { clock, isClockSynced, log } = this.#deps;
    const { id, name, args } = order;
    await this.#keep(noteCommand(this.#memory, order));
    const leftMs = computeRemainingMs(order, { wallMs: clock.wallMs(), isSynced: isClockSynced() });
    const problems = findArgsProblems(name, args);
    const lane = this.#lanes.get(LANES[name]) ?? { length: 0, tail: Promise.resolve() };
    if (leftMs <= 0) return this.#settle(name, expire(id, 'it came too late'));
    if (problems.length > 0)
      return this.#settle(name, refuse(id, 'refused', argsError(name, listProblems(problems))));
    if (lane.length >= MAX_IN_LANE)
      return this.#settle(name, refuse(id, 'refused', agentError('COMMAND_BUSY', `${name}: ${BUSY}`)));
    log.info({ id, name }, 'command taken');
    this.#lanes.set(LANES[name], lane);
    lane.length += 1;
    const due = { order, deadlineMs: clock.monotonicMs() + leftMs };
    lane.tail = lane.tail
      .then(() => this.#run(due))
      .finally(() => {
        lane.length -= 1;
      });
  }

  async #run({ order, deadlineMs }: Due): Promise<void> {
    const { clock, log } = this.#deps;
    const { id, name } = order;
    // What the agent leaves undone is told at its next start.
    const stopped = this.#stopping.signal;
    if (stopped.aborted) return;
    const leftMs = deadlineMs - clock.monotonicMs();
    if (leftMs <= 0) return this.#settle(name, expire(id, 'its turn did not come in time'));
    const inTime = AbortSignal.timeout(Math.ceil(leftMs));
    const outcome = await this.#attempt(order, AbortSignal.any([stopped, inTime]));
    if (stopped.aborted && outcome === undefined) return;
    const reply = outcome === undefined ? expire(id, 'it was not done in time') : composeOutcome(id, outcome);
    log.info({ id, name, state: reply.state, code: reply.code }, 'command ended');
    await this.#settle(name, reply);
    if (outcome !== undefined && 'afterwards' in outcome) outcome.afterwards?.();
  }

  /** @returns undefined when it was given up; whatever still goes on then is nobody's affair */
  async #attempt(order: CommandOrder, signal: AbortSignal): Promise<CommandOutcome | AppError | undefined> {
    const over = once(signal, 'abort').then(() => undefined);
    try {
      return await Promise.race([runOrder(this.#deps.table, order, signal), over]);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof AppError) return error;
      throw error;
    }
  }

  async #settle(name: CommandName, reply: CommandReply): Promise<void> {
    await this.#keep(noteReply(this.#memory, reply));
    this.#deps.reply(name, reply);
  }

  async #load(): Promise<CommandMemory> {
    const { store, log } = this.#deps;
    try {
      return await store.load();
    } catch (error) {
      if (!isAppError(error)) throw error;
      log.warn({ code: error.code, error: describeError(error) }, 'commands not read');
      return NOTHING_KNOWN;
    }
  }

  #keep(memory: CommandMemory): Promise<void> {
    this.#memory = memory;
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  /** A disk that is full keeps nobody from asking what is wrong with the box. */
  async #save(): Promise<void> {
    const { store, log } = this.#deps;
    try {
      await store.save(this.#memory);
    } catch (error) {
      if (!isAppError(error)) throw error;
      log.warn({ code: error.code, error: describeError(error) }, 'commands not saved');
    }
  }
}

const BUSY = `${MAX_IN_LANE} of them wait or are being done`;

const expire = (id: string, what: string): CommandReply =>
  refuse(id, 'expired', sharedError('COMMAND_EXPIRED', `${what}, by what this box knows of the time`));

const argsError = (name: CommandName, problems: string): AppError =>
  sharedError('MESSAGE_INVALID', `arguments of ${name}: ${problems}`);

function composeOutcome(id: string, outcome: CommandOutcome | AppError): CommandReply {
  if (!(outcome instanceof AppError)) return composeReply(id, outcome);
  // What this box cannot do at all was not begun.
  return refuse(id, isAppError(outcome, 'COMMAND_UNAVAILABLE') ? 'refused' : 'failed', outcome);
}

/** The arguments were checked against the schema of this very name. */
function runOrder(
  table: CommandTable,
  { id, name, args }: CommandOrder,
  signal: AbortSignal,
): Promise<CommandOutcome> {
  const run = table[name] as (args: unknown, context: CommandContext) => Promise<CommandOutcome>;
  return run(args, { id, signal });
}
