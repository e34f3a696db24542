import { spawn } from 'node:child_process';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { ServiceNotifier } from './port.ts';

export interface SystemdNotifyOptions {
  /** The environment systemd gave this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly log: Logger;
  /** Default: systemd-notify. */
  readonly command?: string;
}

/** It waits until systemd took the message; longer than this, it is of no use any more. */
const ANSWER_WITHIN_MS = 5_000;

/**
 * Speaks to systemd by its own program: Node has no datagram sockets of the unix kind. The service needs
 * `NotifyAccess=all`, since it is a child that speaks; it lives until systemd has taken the message, so that
 * systemd knows whose it is. Does nothing where no systemd listens.
 */
export function createSystemdNotify(options: SystemdNotifyOptions): ServiceNotifier {
  const { env, pid } = options;
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec, WATCHDOG_PID: watched } = env;
  const send = socket === undefined ? () => undefined : createSender(socket, options);
  const isWatched = socket !== undefined && (watched === undefined || Number(watched) === pid);
  const watchdogMs = Number(usec ?? Number.NaN) / 1000;
  return {
    watchdogMs: isWatched && watchdogMs > 0 ? watchdogMs : undefined,
    ready: () => send('READY=1'),
    stopping: () => send('STOPPING=1'),
    status: (text) => send(`STATUS=${text.replaceAll(/\s+/g, ' ')}`),
    alive: () => send('WATCHDOG=1'),
  };
}

function createSender(
  socket: string,
  { command = 'systemd-notify', log }: SystemdNotifyOptions,
): (message: string) => void {
  let hasFailed = false;
  const onEnd = (failure: string | undefined): void => {
    // Said once: it fails each time in the same way.
    if (failure !== undefined && !hasFailed) log.warn({ failure }, 'systemd was not told');
    hasFailed = failure !== undefined;
  };
  return (message) => {
    const child = spawn(command, [message], {
      stdio: 'ignore',
      env: { ...process.env, NOTIFY_SOCKET: socket },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      killSignal: 'SIGKILL',
    });
    child.unref();
    child.once('error', (error) => onEnd(error.message));
    child.once('exit', (code, signal) => onEnd(code === 0 ? undefined : `${command}: ${signal ?? code}`));
  };
}
