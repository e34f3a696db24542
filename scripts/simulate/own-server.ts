import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePorts } from '../demo/free-ports.ts';
import { LAYOUT } from '../demo/layout.ts';
import { type Program, startProgram } from '../demo/processes.ts';
import type { ServerAccess } from './enrol-boxes.ts';
import { type ProcessUse, readProcessUse } from './process-use.ts';

const START_LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 500;

/** A server of the simulation's own, as a process: plain listeners on the loopback address, SQLite, embedded broker. */
export interface OwnServer {
  readonly url: string;
  readonly brokerUrl: string;
  access(): Promise<ServerAccess>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again where it was; resolves once it answers. */
  restart(): Promise<void>;
  /** Of all its lives. */
  use(): ProcessUse;
  stop(): Promise<void>;
}

export async function startOwnServer(options: {
  readonly dataDir: string;
  readonly fleet: string;
  /** Of Node, before the program: `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
}): Promise<OwnServer> {
  const { dataDir, fleet, nodeFlags = [] } = options;
  const [httpPort, mqttPort] = await findFreePorts();
  const args = [
    ...nodeFlags,
    LAYOUT.serverCli,
    ...['--data-dir', dataDir, '--fleet', fleet, '--plain'],
    ...['--http-port', String(httpPort), '--mqtt-port', String(mqttPort)],
  ];
  const lives: ProcessUse[] = [];
  const start = async (): Promise<Program> => {
    const name = 'watchpost-server';
    const program = await startProgram({ name, args, logFile: join(dataDir, 'server.log') });
    await program.logged('server ready', START_LIMIT_MS);
    return program;
  };
  let life = 0;
  const look = (): void => {
    const use = readProcessUse(program.pid);
    if (use !== undefined) lives[life] = use;
  };
  let program = await start();
  const timer = setInterval(look, LOOK_EVERY_MS);
  const url = `http://127.0.0.1:${httpPort}`;
  return {
    url,
    brokerUrl: `mqtt://127.0.0.1:${mqttPort}`,
    access: async () => {
      const password = (await readFile(join(dataDir, 'admin-password'), 'utf8')).trim();
      return { server: url, user: 'admin', password };
    },
    kill: async () => {
      look();
      await program.kill();
    },
    restart: async () => {
      life += 1;
      program = await start();
    },
    use: () => {
      look();
      return {
        cpuSec: lives.reduce((sum, { cpuSec }) => sum + cpuSec, 0),
        maxRssBytes: Math.max(0, ...lives.map(({ maxRssBytes }) => maxRssBytes)),
      };
    },
    stop: async () => {
      look();
      clearInterval(timer);
      await program.stop();
    },
  };
}
