import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { readEnvironment, readNodeFlags } from '../../scripts/package/agent-starter.ts';
import { childPids } from './child-processes.ts';
import { createBoxRecord } from './fault-box-record.ts';
import type { Committed } from './fault-ledger.ts';
import type { FaultOrder } from './fault-orders.ts';
import { type FaultProgram, startFaultProgram } from './fault-program.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../../agent/src/cli.ts', import.meta.url));
/** As the service manager of a box does it. */
const RESTART_AFTER_MS = 300;
const READY_LIMIT_MS = 30_000;

export interface BoxPlan {
  readonly id: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface BoxStart {
  /** For the preload. */
  readonly orders?: readonly FaultOrder[];
  readonly env?: Readonly<Record<string, string>>;
  /** `--set` arguments. */
  readonly set?: readonly string[];
}

/** An agent as a process, started again whenever it ends, as its service manager would. */
export interface FaultBox {
  readonly id: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly outbox: string;
  /** The process that runs now, or ran last. */
  life(): FaultProgram;
  /** How many processes there were. */
  lives(): number;
  /** Joins the fleet with a token. */
  enrol(token: string): Promise<void>;
  start(how?: BoxStart): Promise<void>;
  /** Until the next `start`, an agent that ends is not started again. */
  hold(): void;
  /** Resolves when the process that runs now, or ran last, has ended. */
  ended(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Ends it, and starts it with orders. */
  restart(how?: BoxStart): Promise<void>;
  ffmpegPids(): readonly number[];
  inferencePids(): readonly number[];
  /** Cameras that decided something at least twice since then (monotonic milliseconds). */
  flowing(sinceMs: number): readonly string[];
  committed(): Committed;
  /** Epochs that went on with the numbers of the one before. */
  renewed(): ReadonlySet<string>;
  /** Whether its outbox works, as far as it says. */
  canCommit(): boolean;
  /** How the agent ended by a bug of its own since then (monotonic milliseconds). */
  bugs(sinceMs: number): readonly string[];
  /** What was logged and had the time to be committed. */
  logged(): readonly string[];
}

export async function openFaultBox(plan: BoxPlan): Promise<FaultBox> {
  const { id, folder, dataDir } = plan;
  await mkdir(folder, { recursive: true });
  // As an installed one: what its memory does rests on them.
  const [flags, environment] = [await readNodeFlags(), await readEnvironment()];
  const config = join(folder, 'agent.yaml');
  await writeFile(config, stringify({ schemaVersion: 1, dataDir, device: { id }, ...plan.settings }));
  const outbox = join(dataDir, 'outbox.sqlite');
  const record = createBoxRecord(outbox);
  let life: FaultProgram | undefined;
  let count = 0;
  let isHeld = true;

  const launch = (how: BoxStart): void => {
    const { orders, set = [], env = {} } = how;
    count += 1;
    const started = startFaultProgram({
      name: id,
      args: [...flags, SCRIPT, 'run', '--config', config, ...set.flatMap((each) => ['--set', each])],
      logFile: join(folder, 'agent.log'),
      ...(orders !== undefined && { orders }),
      env: { ...environment, ...env },
      onLine: record.read,
    });
    life = started;
    record.begin();
    void started.exited.then(async () => {
      record.end(started.ending().startsWith('0'));
      await delay(RESTART_AFTER_MS);
      // What was ordered for one life is over with it; its surroundings stay.
      if (!isHeld && life === started) launch({ set, env });
    });
  };
  const current = (): FaultProgram => {
    if (life === undefined) throw new Error(`box ${id} was never started`);
    return life;
  };
  const end = async (how: 'kill' | 'stop'): Promise<void> => {
    isHeld = true;
    await life?.[how]();
  };
  const start = async (how: BoxStart = {}): Promise<void> => {
    isHeld = false;
    launch(how);
  };
  return {
    id,
    folder,
    dataDir,
    outbox,
    life: current,
    lives: () => count,
    enrol: async (token) => {
      const tokenFile = join(folder, 'token');
      await writeFile(tokenFile, token, { mode: 0o600 });
      await run(process.execPath, [SCRIPT, 'enrol', '--config', config, '--token-file', tokenFile], {
        timeout: READY_LIMIT_MS,
      });
    },
    start,
    hold: () => {
      isHeld = true;
    },
    ended: () => current().exited,
    kill: () => end('kill'),
    stop: () => end('stop'),
    restart: async (how) => {
      await end('stop');
      await start(how);
    },
    ffmpegPids: () => childPids(current().pid, 'ffmpeg'),
    inferencePids: () => childPids(current().pid, 'inference-child'),
    flowing: record.flowing,
    committed: record.committed,
    renewed: record.renewed,
    canCommit: record.canCommit,
    bugs: record.bugs,
    logged: record.logged,
  };
}
