import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ApiClient, logIn } from '@watchpost/fleet-server/cli/api-client.ts';
import { DeviceView } from '@watchpost/shared/api/fleet.ts';
import { DeploymentView } from '@watchpost/shared/api/registry.ts';
import type { FaultOrder } from './fault-orders.ts';
import { type FaultProgram, startFaultProgram } from './fault-program.ts';
import { until } from './until.ts';

/** A fleet server as a process, which can be killed and started again at the same addresses. */
export interface FaultServer {
  readonly url: string;
  readonly database: string;
  readonly passwordFile: string;
  program(): FaultProgram;
  /** What the fleet knows of the box. */
  device(id: string): Promise<DeviceView>;
  /** Orders the box to run a bundle. @returns the id of the deployment */
  deploy(deviceId: string, digest: string): Promise<string>;
  kill(): Promise<void>;
  start(orders?: readonly FaultOrder[]): Promise<void>;
  stop(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('../../fleet-server/src/server-cli.ts', import.meta.url));
const VALIDATOR = fileURLToPath(new URL('./fault-validator.ts', import.meta.url));
const START_LIMIT_MS = 60_000;

export async function startFaultServer(folder: string, flags: readonly string[]): Promise<FaultServer> {
  const dataDir = join(folder, 'server');
  const passwordFile = join(dataDir, 'admin-password');
  let ports: readonly [number, number] = [0, 0];
  let url = '';
  const launch = async (orders: readonly FaultOrder[] = []): Promise<FaultProgram> => {
    const [http, mqtt] = ports.map(String);
    const started = startFaultProgram({
      name: 'server',
      args: [
        SCRIPT,
        ...['--data-dir', dataDir, '--http-port', http ?? '0', '--mqtt-port', mqtt ?? '0'],
        ...['--validator-command', `${process.execPath} ${VALIDATOR}`, ...flags],
      ],
      logFile: join(folder, 'server.log'),
      orders,
    });
    const ready = await started.logged('is ready', ({ msg }) => msg === 'server ready', START_LIMIT_MS);
    ports = [Number(ready.httpPort), Number(ready.mqttPort)];
    url = String(ready.url);
    return started;
  };
  let program = await launch();
  let session: Promise<ApiClient> | undefined;
  const client = async (): Promise<ApiClient> => {
    session ??= readFile(passwordFile, 'utf8').then((password) =>
      logIn({ server: url, user: 'admin', password: password.trim() }),
    );
    return session.catch((error: unknown) => {
      session = undefined;
      throw error;
    });
  };
  return {
    url,
    database: join(dataDir, 'fleet.sqlite'),
    passwordFile,
    program: () => program,
    device: async (id) => (await client()).get(`devices/${id}`, DeviceView),
    deploy: async (id, bundleDigest) =>
      (
        await (
          await client()
        ).post(`devices/${id}/deployments`, { bundleDigest, liftQuarantine: true }, DeploymentView)
      ).id,
    kill: () => program.kill(),
    start: async (orders) => {
      await until('the server is gone', () => program.hasEnded());
      program = await launch(orders);
    },
    stop: () => program.stop(),
  };
}
