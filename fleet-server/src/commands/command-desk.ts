import { type CommandCreate, isOpenCommand } from '@watchpost/shared/api/commands.ts';
import { AppError, describeError, sharedError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { listProblems } from '@watchpost/shared/kernel/parse.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import { findArgsProblems } from '@watchpost/shared/messages/command.ts';
import type { CommandOrder } from '@watchpost/shared/trust/command-order.ts';
import type { AuditActor, AuditLog } from '../audit/port.ts';
import type { Broker } from '../broker/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { CommandEnding, CommandRecord, DeviceRecord, Store } from '../store/port.ts';
import { DEFAULT_LIFE_SEC, FILE_OF, planSends } from './command-plan.ts';
import type { CommandContent, CommandDesk, CommandFiles, CommandSigner } from './port.ts';

export interface CommandDeskDeps {
  readonly sign: CommandSigner;
  readonly store: Pick<Store, 'devices' | 'deployments' | 'commands'>;
  readonly files: CommandFiles;
  readonly broker: Pick<Broker, 'publish' | 'onPresence' | 'onListening'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly nowMs: () => number;
  /** A new unguessable id of up to 64 characters. */
  readonly newId: () => string;
  /** Runs once after so long, unless it is cancelled. @returns cancels it */
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  readonly log: Logger;
}

const MAX_OPEN = 16;
/** Of one device; its older ones are forgotten. */
const MAX_KEPT = 200;
/** A reply that left its device in time is still on its way. */
const GRACE_MS = 5_000;
/** After the store failed. */
const RETRY_MS = 10_000;

/** Listens to the broker from now on. */
export function createCommandDesk(deps: CommandDeskDeps): CommandDesk {
  return new StoredCommandDesk(deps);
}

/**
 * Commands live in the store: pending until their device listens, sent until it replies or their time is over. At each
 * connection a device is told again what is open; it does nothing twice, and says again what it replied.
 */
class StoredCommandDesk implements CommandDesk {
  readonly name = 'commands';
  readonly #deps: CommandDeskDeps;
  /** What each device that listens was told on this connection. */
  readonly #told = new Map<string, Set<string>>();
  /** Devices that may have open commands: the others cost nothing when they connect. */
  readonly #waiting = new Set<string>();
  readonly #ended = new Map<string, Set<() => void>>();
  /** One after the other, so that a device is told in the order of the counters. */
  #work: Promise<void> = Promise.resolve();
  #isStopping = false;
  #cancelExpiry: () => void = () => undefined;

  constructor(deps: CommandDeskDeps) {
    this.#deps = deps;
    deps.broker.onPresence((deviceId, isConnected) => {
      if (!isConnected) this.#told.delete(deviceId);
    });
    deps.broker.onListening(({ device, kind }) => {
      if (kind !== 'command') return;
      this.#told.set(device, new Set());
      if (this.#waiting.has(device)) this.#queue(() => this.#tell(device));
    });
  }

  async start(): Promise<void> {
    for (const deviceId of await this.#deps.store.commands.listWaiting()) this.#waiting.add(deviceId);
    await this.#armExpiry();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelExpiry();
    await this.#work;
    for (const id of this.#ended.keys()) this.#wake(id);
  }

  order(deviceId: string, wanted: CommandCreate, actor: string): Promise<CommandRecord> {
    const ordered = this.#work.then(() => this.#order(deviceId, wanted, actor));
    // Whoever asked is told of a failure.
    this.#work = ordered.then(
      () => undefined,
      () => undefined,
    );
    this.#queue(async () => {
      await this.#tell(deviceId);
      await this.#armExpiry();
    });
    return ordered;
  }

  async list(deviceId: string, limit: number): Promise<readonly CommandRecord[]> {
    await this.#requireDevice(deviceId);
    return this.#deps.store.commands.list(deviceId, limit);
  }

  async find(deviceId: string, commandId: string): Promise<CommandRecord> {
    const command = await this.#deps.store.commands.find(commandId);
    if (command?.deviceId === deviceId) return command;
    throw serverError('NOT_FOUND', `device ${deviceId} has no command ${commandId}`);
  }

  async awaitEnd(
    deviceId: string,
    commandId: string,
    { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal },
  ): Promise<CommandRecord> {
    const over = new AbortController();
    const wake = (): void => over.abort();
    const waiters = this.#ended.get(commandId) ?? new Set();
    this.#ended.set(commandId, waiters.add(wake));
    try {
      const now = await this.find(deviceId, commandId);
      if (!isOpenCommand(now.state) || this.#isStopping) return now;
      await waitMs(limitMs, AbortSignal.any([over.signal, signal]));
      return await this.find(deviceId, commandId);
    } finally {
      waiters.delete(wake);
      if (waiters.size === 0) this.#ended.delete(commandId);
    }
  }

  async putFile(deviceId: string, commandId: string, content: CommandContent): Promise<void> {
    const { store, files } = this.#deps;
    const { contentType, bytes } = content;
    const { name, state } = await this.find(deviceId, commandId);
    const isWanted = isOpenCommand(state) && FILE_OF[name] === contentType;
    if (isWanted) await files.save(commandId, bytes);
    if (isWanted && (await store.commands.setFile(commandId, { contentType, sizeBytes: bytes.length })))
      return;
    throw serverError('COMMAND_OVER', `${name} ${commandId} is ${state} and takes no ${contentType}`);
  }

  async readFile(deviceId: string, commandId: string): Promise<CommandContent> {
    const { file } = await this.find(deviceId, commandId);
    const bytes = file && (await this.#deps.files.load(commandId));
    if (file !== undefined && bytes !== undefined) return { contentType: file.contentType, bytes };
    throw serverError('NOT_FOUND', `there is no file of command ${commandId}, or none any more`);
  }

  onReply({ deviceId, name, body }: Parameters<CommandDesk['onReply']>[0]): void {
    const { id, ...ending } = body;
    this.#queue(async () => {
      const command = await this.#deps.store.commands.find(id);
      if (command?.deviceId !== deviceId || command.name !== name) {
        this.#deps.log.warn({ deviceId, name, id }, 'reply to no command of this device');
        return;
      }
      await this.#end(command, ending, { kind: 'device', id: deviceId });
    });
  }

  async #order(
    deviceId: string,
    { name, args = {}, expiresSec = DEFAULT_LIFE_SEC[name] }: CommandCreate,
    actor: string,
  ): Promise<CommandRecord> {
    const { store, audit, sign, nowMs, newId } = this.#deps;
    const device = await this.#requireDevice(deviceId);
    if (device.state !== 'accepted')
      throw serverError('DEVICE_STATE', `device ${deviceId} is ${device.state}`);
    const problems = findArgsProblems(name, args);
    if (problems.length > 0)
      throw serverError('REQUEST_INVALID', `arguments of ${name}: ${listProblems(problems)}`);
    const open = await store.commands.listOpen(deviceId);
    if (open.length >= MAX_OPEN)
      throw serverError('COMMANDS_TOO_MANY', `${open.length} commands of ${deviceId} are open`);
    const createdAtMs = nowMs();
    const expiresAtMs = createdAtMs + expiresSec * 1000;
    // Never below the clock: a store that came back from a backup goes on above what was signed since.
    const counter = await store.deployments.takeOrderCounter(deviceId, createdAtMs);
    const what = { id: newId(), deviceId, name, args, counter } as const;
    // Signed anew when it is sent; that nobody can sign is better known now.
    await sign({ ...what, issuedAtMs: createdAtMs, expiresMs: expiresAtMs });
    const command: CommandRecord = { ...what, state: 'pending', actor, createdAtMs, expiresAtMs };
    await store.commands.add(command, MAX_KEPT);
    this.#waiting.add(deviceId);
    const details = { commandId: command.id, name, args, expiresSec };
    await audit.record({
      actor: { kind: 'user', id: actor },
      action: 'command.ordered',
      subject: deviceId,
      details,
    });
    return command;
  }

  async #requireDevice(id: string): Promise<DeviceRecord> {
    const device = await this.#deps.store.devices.find(id);
    if (device === undefined) throw serverError('NOT_FOUND', `device ${id} is not enrolled`);
    return device;
  }

  /** Nothing where the device does not listen. */
  async #tell(deviceId: string): Promise<void> {
    const { store, nowMs } = this.#deps;
    const device = await store.devices.find(deviceId);
    const open = await store.commands.listOpen(deviceId);
    if (open.length === 0) this.#waiting.delete(deviceId);
    const told = this.#told.get(deviceId);
    if (device === undefined || told === undefined || this.#isStopping) return;
    for (const command of planSends(open, told, nowMs())) {
      await this.#send(device, command);
      told.add(command.id);
    }
  }

  async #send({ fleet, id: device }: DeviceRecord, command: CommandRecord): Promise<void> {
    const { sign, store, broker, nowMs } = this.#deps;
    const { id, name, args, counter, expiresAtMs } = command;
    const issuedAtMs = nowMs();
    const order: CommandOrder = {
      deviceId: device,
      id,
      name,
      args: { ...args },
      counter,
      issuedAtMs,
      expiresMs: expiresAtMs,
    };
    const token = await sign(order);
    await store.commands.markSent(id, issuedAtMs);
    await broker.publish('command', { fleet, device, command: name }, { id, command: token });
  }

  async #expireDue(): Promise<void> {
    const { store, nowMs } = this.#deps;
    for (const command of await store.commands.listDue(nowMs() - GRACE_MS)) {
      const what = command.state === 'pending' ? 'the device did not listen' : 'the device did not reply';
      const { code, message: detail } = sharedError('COMMAND_EXPIRED', `${what} in time`);
      await this.#end(command, { state: 'expired', code, detail }, { kind: 'system', id: this.name });
    }
    await this.#armExpiry();
  }

  async #end(
    { id, name, deviceId }: CommandRecord,
    ending: Omit<CommandEnding, 'endedAtMs'>,
    actor: AuditActor,
  ): Promise<void> {
    const { store, audit, nowMs } = this.#deps;
    const ended = await store.commands.end(id, { ...ending, endedAtMs: nowMs() });
    // The first end counts: a reply may come twice, or too late.
    if (ended === undefined) return;
    this.#wake(id);
    const { state, code } = ending;
    const details = { commandId: id, name, state, ...(code !== undefined && { code }) };
    await audit.record({ actor, action: 'command.ended', subject: deviceId, details });
  }

  #wake(id: string): void {
    for (const wake of this.#ended.get(id) ?? []) wake();
  }

  async #armExpiry(): Promise<void> {
    const nextMs = await this.#deps.store.commands.nextExpiryMs();
    this.#cancelExpiry();
    if (nextMs !== undefined) this.#expireIn(Math.max(0, nextMs + GRACE_MS - this.#deps.nowMs()));
  }

  #expireIn(delayMs: number): void {
    if (this.#isStopping) return;
    this.#cancelExpiry = this.#deps.schedule(delayMs, () => this.#queue(() => this.#expireDue()));
  }

  /** What fails is said again by the device, or tried again when the next command is over. */
  #queue(work: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        this.#deps.log.error({ code: error.code, error: describeError(error) }, 'command not carried on');
        this.#cancelExpiry();
        this.#expireIn(RETRY_MS);
      }
    });
  }
}
