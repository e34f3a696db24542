import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelList } from '@watchpost/shared/api/models.ts';
import type { SimulateRequest } from './arguments.ts';
import { openApi, type ServerAccess } from './enrol-boxes.ts';
import { type OwnServer, startOwnServer } from './own-server.ts';
import type { Population } from './population.ts';
import { listVersions, type Scenario } from './scenario.ts';
import { seedServer } from './seed-server.ts';
import { createVirtualFleet, type VirtualFleet } from './virtual-fleet.ts';
import type { BoxEntry } from './worker-messages.ts';

/** A server and the virtual boxes that know it. */
export interface World {
  readonly population: Population;
  readonly access: ServerAccess;
  readonly fleet: VirtualFleet;
  /** Absent when the server is somebody else's. */
  readonly own?: { readonly server: OwnServer; readonly dataDir: string };
  stop(): Promise<void>;
}

export interface WorldPlan extends Pick<SimulateRequest, 'devices' | 'workers' | 'seed'> {
  readonly scenario: Scenario;
  /** Of the Node of an own server. */
  readonly nodeFlags?: readonly string[];
}

const OWN_FLEET = 'main';

/** Fills a server of its own, starts it, and makes the boxes. */
export async function openOwnWorld(plan: WorldPlan, say: (text: string) => void): Promise<World> {
  const { scenario, seed, devices, workers, nodeFlags = [] } = plan;
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-simulate-'));
  const undo: (() => Promise<void>)[] = [() => rm(dataDir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    say(`filling a server with ${devices} devices, through its store …`);
    const base = { scenario, seed, fleet: OWN_FLEET };
    const { bundles, directorKeysPem } = await seedServer(dataDir, base, devices);
    const server = await startOwnServer({ dataDir, fleet: OWN_FLEET, nodeFlags });
    undo.push(() => server.stop());
    const population = { ...base, bundles };
    const entry: BoxEntry = { kind: 'stored', brokerUrl: server.brokerUrl, directorKeysPem };
    const fleet = await createVirtualFleet({ population, devices, workers, entry });
    undo.push(() => fleet.stop());
    return { population, access: await server.access(), fleet, own: { server, dataDir }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Lets the boxes join a server that runs already. */
export async function joinWorld(
  plan: WorldPlan,
  server: NonNullable<SimulateRequest['server']>,
  say: (text: string) => void,
): Promise<World> {
  const { scenario, seed, devices, workers } = plan;
  const access = await readAccess(server);
  const population = { scenario, seed, fleet: server.fleet, bundles: await findBundles(access, scenario) };
  say(`enrolling ${devices} devices at ${server.url} …`);
  const fleet = await createVirtualFleet({ population, devices, workers, entry: { kind: 'enrol', access } });
  return { population, access, fleet, stop: () => fleet.stop() };
}

async function readAccess({
  url,
  user,
  passwordFile,
  tokenFile,
  caFile,
}: NonNullable<SimulateRequest['server']>): Promise<ServerAccess> {
  const line = async (path: string): Promise<string> => (await readFile(path, 'utf8')).trim();
  return {
    ...{ server: url, user },
    ...(passwordFile !== undefined && { password: await line(passwordFile) }),
    ...(tokenFile !== undefined && { token: await line(tokenFile) }),
    ...(caFile !== undefined && { ca: await readFile(caFile, 'utf8') }),
  };
}

/** What the server has of the versions of the scenario, whatever the model. */
async function findBundles(access: ServerAccess, scenario: Scenario): Promise<Population['bundles']> {
  const api = await openApi(access);
  try {
    const { versions } = await api.get('models', ModelList);
    const wanted = listVersions(scenario);
    const known = versions.filter(({ version }) => wanted.includes(version));
    return Object.fromEntries(
      known.map(({ model, version, digest }) => [version, { model, version, digest, variant: 'fp32' }]),
    );
  } finally {
    await api.logout();
  }
}
