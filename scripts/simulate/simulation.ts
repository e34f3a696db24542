import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '@watchpost/fleet-server/cli/api-client.ts';
import type { RolloutView } from '@watchpost/shared/api/rollouts.ts';
import type { HostCounters } from './box-report.ts';
import { openApi } from './enrol-boxes.ts';
import type { ProcessUse } from './process-use.ts';
import { formatProgress } from './progress.ts';
import { isOver, startRollout, viewRollout } from './rollout-drive.ts';
import type { World } from './world.ts';

export interface SimulationResult {
  readonly devices: number;
  readonly seed: number;
  readonly acceleration: number;
  readonly seconds: number;
  readonly boxes: HostCounters;
  /** How the last deployment of the boxes stands, by state. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly rollout?: RolloutView;
  /** Of a server of its own. */
  readonly server?: ProcessUse;
}

const LOOK_EVERY_MS = 1000;

export interface SimulationOptions {
  /** How long; undefined: until the rollout is over, or the signal. */
  readonly limitSec: number | undefined;
  readonly say: (text: string) => void;
  /** The same, of what is over with the next one. */
  readonly progress: (text: string) => void;
}

/** Lets the boxes live, drives the rollout of the scenario on a server of its own, and says what came of it. */
export async function simulate(
  world: World,
  { limitSec, say, progress }: SimulationOptions,
  signal: AbortSignal,
): Promise<SimulationResult> {
  const { population, fleet, own } = world;
  const { scenario, seed } = population;
  const api = own === undefined ? undefined : await openApi(world.access);
  const startedMs = performance.now();
  const elapsedSec = (): number => (performance.now() - startedMs) / 1000;
  fleet.start();
  const storms = scenario.storms.toSorted((one, other) => one.atSec - other.atSec);
  const drive = createDrive(world, api);
  let rollout: RolloutView | undefined;
  while (!signal.aborted && (limitSec === undefined || elapsedSec() < limitSec)) {
    await Promise.race([fleet.failed, delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)]);
    const [due] = storms;
    if (due !== undefined && due.atSec <= elapsedSec()) {
      storms.shift();
      say(`storm: the network of all ${fleet.counters().up} boxes goes away at once`);
      fleet.storm(due.backWithinSec === undefined ? undefined : due.backWithinSec * 1000);
    }
    rollout = await drive(elapsedSec());
    progress(formatProgress(elapsedSec(), fleet.counters(), rollout));
    if (limitSec === undefined && rollout !== undefined && isOver(rollout)) break;
  }
  const summaries = await fleet.summaries();
  const states = summaries.map(({ told }) => told?.state ?? 'none');
  await api?.logout();
  return {
    devices: summaries.length,
    ...{ seed, acceleration: scenario.acceleration, seconds: Math.round(elapsedSec() * 10) / 10 },
    boxes: fleet.counters(),
    outcomes: Object.fromEntries(
      [...Map.groupBy(states, (state) => state)].map(([state, all]) => [state, all.length]),
    ),
    ...(rollout !== undefined && { rollout }),
    ...(own !== undefined && { server: own.server.use() }),
  };
}

/** Starts the rollout of the scenario when it is due, and looks at it from then on. */
function createDrive(
  { population: { scenario, seed } }: World,
  api: ApiClient | undefined,
): (sec: number) => Promise<RolloutView | undefined> {
  const { rollout, acceleration } = scenario;
  let id: string | undefined;
  return async (sec) => {
    if (api === undefined || rollout === undefined || sec < rollout.startSec) return undefined;
    id ??= await startRollout(api, { rollout, acceleration }, seed);
    return viewRollout(api, id);
  };
}
