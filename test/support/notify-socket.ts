import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { until } from './until.ts';

/** systemd's side of a notify socket: a real unix datagram socket, for which Node has no type. */
export interface NotifySocket {
  readonly path: string;
  /** What was told so far, without the barriers. */
  readonly heard: readonly string[];
  /** Resolves when a message that begins like this was heard. */
  hears(start: string, limitMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** As systemd does, it closes the descriptor a barrier comes with: that is the answer. */
const LISTENER = `
import array, os, socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print('listening', flush=True)
while True:
    message, ancillary, _, _ = listener.recvmsg(4096, 4096)
    for _, kind, data in ancillary:
        if kind == socket.SCM_RIGHTS:
            descriptors = array.array('i')
            descriptors.frombytes(data)
            for descriptor in descriptors:
                os.close(descriptor)
    for line in message.decode().splitlines():
        print(line, flush=True)
`;

/** @returns undefined where there is no python3 to listen with */
export async function openNotifySocket(): Promise<NotifySocket | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-notify-'));
  const path = join(folder, 'notify');
  const child = spawn('python3', ['-c', LISTENER, path], { stdio: ['ignore', 'pipe', 'ignore'] });
  const heard: string[] = [];
  const stop = async (): Promise<void> => {
    await endChild(child);
    await rm(folder, { recursive: true });
  };
  const lines = createInterface({ input: child.stdout });
  if (!(await startsToListen(child, lines))) {
    await stop();
    return undefined;
  }
  lines.on('line', (line) => {
    if (line !== 'BARRIER=1') heard.push(line);
  });
  const hasHeard = (start: string) => (): boolean => heard.some((line) => line.startsWith(start));
  return { path, heard, hears: (start, limitMs) => until(`heard ${start}`, hasHeard(start), limitMs), stop };
}

async function startsToListen(child: ChildProcess, lines: Interface): Promise<boolean> {
  const failed = once(child, 'exit').then(
    () => false,
    () => false,
  );
  const listens = once(lines, 'line').then(() => true);
  return Promise.race([listens, failed]);
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
