import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CertificateAuthority } from '../../fleet-server/src/identity/port.ts';

const FILES = join(import.meta.dirname, '../../firmware-config/broker');
const PROGRAM = '/usr/sbin/mosquitto';

export const hasMosquitto = (): boolean => existsSync(PROGRAM);

export interface Mosquitto {
  readonly url: string;
  stop(): Promise<void>;
}

/** A real Mosquitto with our files, on a free port, with a certificate for 127.0.0.1. */
export async function startMosquitto(authority: CertificateAuthority): Promise<Mosquitto> {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-mosquitto-'));
  const { key, cert, ca } = await authority.issueServer(['127.0.0.1']);
  await writeFile(join(folder, 'ca.crt'), ca);
  await writeFile(join(folder, 'broker.crt'), cert);
  await writeFile(join(folder, 'broker.key'), key, { mode: 0o600 });
  await writeFile(join(folder, 'acl'), await readFile(join(FILES, 'acl')), { mode: 0o600 });
  const port = await findFreePort();
  const shipped = await readFile(join(FILES, 'mosquitto.conf'), 'utf8');
  const placed = shipped
    .replaceAll('/etc/mosquitto/watchpost', folder)
    .replace('listener 8883', `listener ${port} 127.0.0.1`);
  const own = process.getuid?.() === 0 ? 'user root\n' : '';
  const conf = join(folder, 'mosquitto.conf');
  await writeFile(conf, `${own}${placed}`);
  const child = spawn(PROGRAM, ['-c', conf, '-v'], { stdio: ['ignore', 'ignore', 'pipe'] });
  await untilRunning(child);
  return {
    url: `mqtts://127.0.0.1:${port}`,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

async function untilRunning(child: ChildProcess): Promise<void> {
  const words: string[] = [];
  if (child.stderr === null) throw new Error('mosquitto has no standard error');
  for await (const line of createInterface({ input: child.stderr })) {
    words.push(line);
    if (line.endsWith(' running')) {
      child.stderr.resume();
      return;
    }
  }
  throw new Error(`mosquitto ended: ${words.join('\n')}`);
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
