import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { LAYOUT } from './layout.ts';
import { type Program, startProgram } from './processes.ts';
import { releaseBundle } from './release.ts';
import { runAgentCli, runFleetctl } from './run-command.ts';
import { beginTrust, type DemoSigners, signModels } from './trust.ts';

/** One box of the demo. `camera` is an entry of the agent's `cameras`. */
export interface BoxPlan {
  readonly id: string;
  readonly cameras: readonly Readonly<Record<string, unknown>>[];
}

export interface FleetPlan {
  readonly state: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly boxes: readonly BoxPlan[];
  /** Its folder. */
  readonly bundle: string;
}

/** The server and the boxes of a demo, running. */
export interface DemoFleet {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly boxes: readonly Program[];
  /** Ends the server as a power cut would. */
  killServer(): Promise<void>;
  startServer(): Promise<void>;
  /** Stops every box and starts it again with what it has on disk. */
  restartBoxes(): Promise<void>;
  /** Stops everything that was started, boxes first. */
  stop(): Promise<void>;
}

const START_LIMIT_MS = 60_000;

/** Starts the server, enrols the boxes that are new, gives every box the bundle, and starts them. */
export async function startFleet(plan: FleetPlan, say: (text: string) => void): Promise<DemoFleet> {
  const passwordFile = join(plan.state, 'server', 'admin-password');
  const access = ['--server', addressOf(plan), '--password-file', passwordFile];
  let server = await startServer(plan);
  const boxes: Program[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(boxes.map((box) => box.stop()));
    await server.stop();
  };
  try {
    say(
      'server is up; signing what boxes trust (TUF): 1 of 1 key for each role, all on this machine; a real fleet has 2 of 3 …',
    );
    const signers = await beginTrust(plan.state, access);
    say('sending the bundle; a second person certifies it; it is released and signed …');
    const digest = await releaseBundle(plan.bundle, plan.state, access);
    await signModels(signers, access);
    for (const box of plan.boxes) {
      await prepareBox(box, plan, signers, access);
      await runFleetctl(['device', 'deploy', box.id, '--bundle', digest, ...access]);
      say(`starting box ${box.id} …`);
      boxes.push(await startBox(box, plan));
    }
    const password = (await readFile(passwordFile, 'utf8')).trim();
    return {
      ...{ url: addressOf(plan), user: 'admin', password, boxes, stop },
      killServer: () => server.kill(),
      startServer: async () => {
        server = await startServer(plan);
      },
      restartBoxes: () => restartBoxes(boxes, plan),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const addressOf = ({ httpPort }: FleetPlan): string => `http://127.0.0.1:${httpPort}`;

async function restartBoxes(boxes: Program[], plan: FleetPlan): Promise<void> {
  await Promise.all(boxes.map((box) => box.stop()));
  const started = await Promise.all(plan.boxes.map((box) => startBox(box, plan)));
  boxes.splice(0, boxes.length, ...started);
}

async function startServer({ state, httpPort, mqttPort }: FleetPlan): Promise<Program> {
  const server = await startProgram({
    name: 'watchpost-server',
    args: [
      LAYOUT.serverCli,
      ...['--data-dir', join(state, 'server')],
      ...['--plain', '--http-port', String(httpPort), '--mqtt-port', String(mqttPort)],
    ],
    logFile: join(state, 'logs', 'server.log'),
  });
  await server.logged('server ready', START_LIMIT_MS);
  return server;
}

/** Writes the settings of a box, and enrols it if it is new or the broker has moved. */
async function prepareBox(
  box: BoxPlan,
  plan: FleetPlan,
  { rootFile }: DemoSigners,
  access: readonly string[],
): Promise<void> {
  const { folder, config } = filesOf(box, plan);
  await mkdir(folder, { recursive: true });
  await writeFile(
    config,
    stringify({
      schemaVersion: 1,
      dataDir: join(folder, 'data'),
      server: { url: addressOf(plan) },
      device: { id: box.id },
      trust: { rootFile },
      cameras: box.cameras,
      telemetry: { intervalSec: 2, summarySec: 60 },
      pictures: { idleSec: 2 },
      // Somebody looks on: a new model is not watched for minutes.
      update: { shadow: { frames: 25, minutes: 1 }, probation: { minutes: 0.1 } },
    }),
  );
  const identity = await readFile(join(folder, 'data', 'identity', 'identity.json'), 'utf8').catch(() => '');
  if (!identity.includes(`:${plan.mqttPort}"`)) await enrolBox(folder, config, access);
}

function filesOf(box: BoxPlan, { state }: FleetPlan): { readonly folder: string; readonly config: string } {
  const folder = join(state, box.id);
  return { folder, config: join(folder, 'agent.yaml') };
}

async function enrolBox(folder: string, config: string, access: readonly string[]): Promise<void> {
  const { token } = JSON.parse(await runFleetctl(['token', 'create', '--json', ...access])) as {
    token: string;
  };
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, token, { mode: 0o600 });
  await runAgentCli(['enrol', '--config', config, '--token-file', tokenFile]);
}

async function startBox(box: BoxPlan, plan: FleetPlan): Promise<Program> {
  const program = await startProgram({
    name: box.id,
    args: [LAYOUT.agentCli, 'run', '--config', filesOf(box, plan).config],
    logFile: join(plan.state, 'logs', `${box.id}.log`),
  });
  await program.logged('agent ready', START_LIMIT_MS);
  return program;
}
