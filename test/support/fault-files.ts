import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { relative } from 'node:path';
import { describeCall, type Intended, OPERATIONS, toHalf, toPath } from './fault-operations.ts';
import { type FaultPoint, type FileFault, type FileOperation, nameOperation } from './fault-orders.ts';

type Call = (this: unknown, ...args: unknown[]) => unknown;
type Module = Record<string, Call>;

/** Below every port: whatever part of the program changes a file, through whichever function, passes here. */
export interface FileFaults {
  trace(folder: string, file: string): void;
  arm(point: FaultPoint, fault: FileFault): void;
  disarm(): void;
  hasStruck(): boolean;
}

const { writeSync, openSync, readFileSync, fstatSync, existsSync } = fs;
const ERRNO: Readonly<Partial<Record<FileFault, number>>> = { ENOSPC: 28, EROFS: 30, EIO: 5 };
/** `kill after` strikes when the operation is done. */
const SIGNALS: Readonly<Partial<Record<FileFault, NodeJS.Signals>>> = {
  kill: 'SIGKILL',
  tear: 'SIGKILL',
  stop: 'SIGSTOP',
};
/** A full disk and a read-only one stay what they are; a bad sector is one. */
const LASTING: readonly FileFault[] = ['ENOSPC', 'EROFS'];
/** The name of whichever operation comes first. */
const ANY = '*';
const NEEDS_NO_ROOM: readonly FileOperation['op'][] = ['sync', 'remove', 'mode'];

/** Wraps every function of `node:fs` and `node:fs/promises` that changes files, and the methods of file handles. */
export async function installFileFaults(self: string): Promise<FileFaults> {
  const watch = new FileWatch();
  const paths = new WeakMap<object, string>();
  const probe = await fs.promises.open(self);
  wrapHandles(Object.getPrototypeOf(probe) as Module, paths, watch);
  await probe.close();
  const promises = fs.promises as unknown as Module;
  wrapModule(promises, '', watch);
  wrapModule(fs as unknown as Module, 'Sync', watch);
  wrapOpen(promises, paths, watch);
  syncBuiltinESMExports();
  return watch;
}

class FileWatch implements FileFaults {
  #folder: string | undefined;
  #log: number | undefined;
  #armed: { readonly point: FaultPoint; readonly fault: FileFault } | undefined;
  readonly #seen = new Map<string, number>();
  #struck = false;

  trace(folder: string, file: string): void {
    this.#folder = folder;
    this.#log = openSync(file, 'w');
  }

  arm(point: FaultPoint, fault: FileFault): void {
    this.#armed = { point, fault };
    this.#seen.clear();
    this.#struck = false;
  }

  disarm(): void {
    this.#armed = undefined;
  }

  hasStruck(): boolean {
    return this.#struck;
  }

  /** @returns what is to be done once the operation is done */
  before(intended: Intended): () => void {
    const folder = this.#folder;
    if (folder === undefined || !isBelow(folder, intended.path)) return () => undefined;
    const operation = toOperation(folder, intended);
    const name = nameOperation(operation);
    const nth = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, nth);
    const fault = this.#faultAt(name, nth);
    if (fault !== undefined) this.#strike(fault, intended);
    if (this.#log !== undefined) writeSync(this.#log, `${JSON.stringify(operation)}\n`);
    return fault === 'kill after' ? killSelf : () => undefined;
  }

  #faultAt(name: string, nth: number): FileFault | undefined {
    const armed = this.#armed;
    if (armed === undefined) return undefined;
    const { point, fault } = armed;
    if ((point.name === ANY && !this.#struck) || (point.name === name && point.nth === nth)) {
      this.#struck = true;
      return fault;
    }
    return this.#struck && LASTING.includes(fault) ? fault : undefined;
  }

  #strike(fault: FileFault, { op, path, half }: Intended): void {
    if (fault === 'tear') half?.();
    const signal = SIGNALS[fault];
    if (signal !== undefined) process.kill(process.pid, signal);
    const errno = ERRNO[fault];
    if (errno === undefined || (fault === 'ENOSPC' && NEEDS_NO_ROOM.includes(op))) return;
    const text = `${fault}: ${op} '${path}'`;
    throw Object.assign(new Error(text), { code: fault, errno: -errno, syscall: op, path });
  }
}

const killSelf = (): void => void process.kill(process.pid, 'SIGKILL');
const isBelow = (folder: string, path: string): boolean => path === folder || path.startsWith(`${folder}/`);

function toOperation(folder: string, { op, path, to, fd }: Intended): FileOperation {
  const isSyncedFile = op === 'sync' && fd !== undefined && fstatSync(fd).isFile();
  return {
    op,
    path: relative(folder, path),
    ...(to !== undefined && { to: relative(folder, to) }),
    ...(isSyncedFile && { synced: readFileSync(`/proc/self/fd/${fd}`).toString('base64') }),
  };
}

function wrapModule(module: Module, suffix: '' | 'Sync', watch: FileWatch): void {
  for (const [name, op] of Object.entries(OPERATIONS)) {
    const real = module[name + suffix];
    if (real === undefined) continue;
    const begin = (args: readonly unknown[]): (() => void) => {
      const intended = describeCall(op, name, args);
      // What is there already is not made, and what is not there is not removed.
      const isIdle =
        intended === undefined ||
        (op === 'mkdir' && existsSync(intended.path)) ||
        (op === 'remove' && !existsSync(intended.path));
      return isIdle ? () => undefined : watch.before(intended);
    };
    module[name + suffix] = suffix === 'Sync' ? wrapSync(real, begin) : wrapAsync(real, begin);
  }
}

type Begin = (args: readonly unknown[]) => () => void;

function wrapSync(real: Call, begin: Begin): Call {
  return function (...args) {
    const after = begin(args);
    const result = real.apply(this, args);
    after();
    return result;
  };
}

function wrapAsync(real: Call, begin: Begin): Call {
  return async function (...args) {
    const after = begin(args);
    const result = await real.apply(this, args);
    after();
    return result;
  };
}

function wrapOpen(promises: Module, paths: WeakMap<object, string>, watch: FileWatch): void {
  const real = promises.open as Call;
  promises.open = async function (...args) {
    const path = toPath(args[0]);
    const flags = typeof args[1] === 'string' ? args[1] : 'r';
    const after = path !== undefined && /[wa]/.test(flags) ? watch.before({ op: 'open', path }) : undefined;
    const handle = (await real.apply(this, args)) as FileHandle;
    if (path !== undefined) paths.set(handle, path);
    after?.();
    return handle;
  };
}

const OF_HANDLES: Readonly<Record<string, FileOperation['op']>> = {
  writeFile: 'write',
  appendFile: 'write',
  write: 'write',
  truncate: 'truncate',
  sync: 'sync',
  datasync: 'sync',
};

function wrapHandles(handles: Module, paths: WeakMap<object, string>, watch: FileWatch): void {
  for (const [name, op] of Object.entries(OF_HANDLES)) {
    const real = handles[name];
    if (real === undefined) continue;
    handles[name] = async function (...args) {
      const { fd } = this as FileHandle;
      const path = paths.get(this as object);
      const half = () => void writeSync(fd, toHalf(args[0]));
      const after = path === undefined ? undefined : watch.before({ op, path, fd, half });
      const result = await real.apply(this, args);
      after?.();
      return result;
    };
  }
}
