import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { execute } from './execute.ts';

/** A Debian that was booted with its own systemd, on this machine's network. */
export interface Machine {
  /** Runs a program inside. @returns its output @throws Error when it fails */
  run(program: string, ...args: readonly string[]): Promise<string>;
  /** Waits until a command inside succeeds. @throws Error when it did not within the limit */
  until(what: string, limitMs: number, ask: () => Promise<boolean>): Promise<void>;
  stop(): Promise<void>;
}

const NSPAWN = ['--quiet', '--register=no', '--keep-unit', '--resolv-conf=copy-host', '--link-journal=no'];
const BOOT_LIMIT_MS = 60_000;
const ASK_EVERY_MS = 500;

/** Runs a program in a root that is not booted, as maintainers' scripts see it in an image builder. */
export const runOffline = (root: string, ...command: readonly string[]): Promise<string> =>
  execute('systemd-nspawn', [...NSPAWN, `--machine=${newName()}`, '-D', root, '--pipe', ...command]);

export async function boot(root: string): Promise<Machine> {
  const nspawn = spawn(
    'systemd-nspawn',
    [...NSPAWN, `--machine=${newName()}`, '-D', root, '--console=read-only', '--boot'],
    { stdio: 'ignore', detached: true },
  );
  const ended = once(nspawn, 'exit');
  const killWithUs = (): boolean => nspawn.kill('SIGKILL');
  process.once('exit', killWithUs);
  const machine: Machine = {
    run: async (...command) =>
      execute('nsenter', ['--all', '--target', String(await initOf(nspawn)), '--', ...command]),
    until,
    stop: async () => {
      nspawn.kill('SIGTERM');
      await ended;
      process.off('exit', killWithUs);
    },
  };
  try {
    await until('systemd is up', BOOT_LIMIT_MS, async () =>
      /running|degraded/.test(await machine.run('sh', '-c', 'systemctl is-system-running || true')),
    );
  } catch (error) {
    await machine.stop();
    throw error;
  }
  return machine;
}

async function until(what: string, limitMs: number, ask: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + limitMs;
  let failure: unknown;
  do {
    try {
      if (await ask()) return;
    } catch (error) {
      failure = error;
    }
    await delay(ASK_EVERY_MS);
  } while (performance.now() < end);
  throw new Error(`not within ${limitMs / 1000} s: ${what}`, { cause: failure });
}

/** The first process inside is the only child of systemd-nspawn, or of its helper. */
async function initOf({ pid }: ChildProcess): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const first = Number(children.trim().split(' ')[0]);
  if (!(first > 0)) throw new Error('systemd-nspawn has no process inside');
  return first;
}

const newName = (): string => `watchpost-${randomUUID().slice(0, 8)}`;
