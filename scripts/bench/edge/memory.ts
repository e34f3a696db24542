import { setTimeout as delay } from 'node:timers/promises';
import { startAgent } from './agent-run.ts';
import { startBenchFleet } from './broker.ts';
import { layBox } from './laid-box.ts';
import { startLiveCameras } from './live-cameras.ts';
import { readPssBytes, readTree } from './proc-tree.ts';
import { type Figure, median } from './targets.ts';
import type { BenchSubject, BenchWorld } from './world.ts';

const SUBJECT = 'memory';
const CAMERAS = 4;
const EVERY_MS = 1_000;
const MB = 1024 * 1024;
/** Growth over the whole run below which there is none, as in `npm run soak`: so much caches take while they fill. */
const LEAST_BYTES = 8 * MB;

interface Watched {
  readonly readings: readonly Reading[];
  /** At the end, of each: with pages that are shared, as the program of Node itself, shared out. */
  readonly controlPssBytes: number;
  readonly childPssBytes: number;
  readonly controlRssBytes: number;
}

interface Reading {
  readonly atMin: number;
  readonly value: number;
}

interface Trend {
  readonly slope: number;
  readonly low: number;
  readonly minutes: number;
  readonly noise: number;
}

/** The test of `npm run soak`, which is not part of the program of the scripts. */
interface TrendTest {
  computeTrend(readings: readonly Reading[]): Trend;
  isWithinNoise(trend: Trend, least: number): boolean;
}

const loadTrendTest = async (): Promise<TrendTest> =>
  import(new URL('../../../test/faults/soak/trend.ts', import.meta.url).href);

export const benchMemory: BenchSubject = async (world) => {
  const minutes = world.isQuick ? Math.min(world.minutes, 0.5) : world.minutes;
  world.say(`memory: ${CAMERAS} cameras for ${minutes} minutes (--minutes; the target speaks of an hour)`);
  const { readings, ...parts } = await watchMemory(world, minutes);
  const { computeTrend, isWithinNoise } = await loadTrendTest();
  const trend = computeTrend(readings);
  const last = readings.slice(-Math.ceil(readings.length / 5)).map(({ value }) => value);
  const slope = `${(trend.slope / 1024).toFixed(0)} KB a minute, noise ${(trend.noise / MB).toFixed(1)} MB`;
  const grown = isWithinNoise(trend, LEAST_BYTES) ? 0 : (trend.low * trend.minutes) / MB;
  return [
    {
      subject: SUBJECT,
      what: 'RSS of control process + inference child (MB)',
      value: median(last) / MB,
      note: `median of the last fifth of ${minutes} minutes; ${describeParts(parts)}`,
      target: 'memoryMb',
    },
    {
      subject: SUBJECT,
      what: 'growth beyond noise over the run (MB)',
      value: grown,
      note: slope,
      target: 'memorySlope',
    },
  ] satisfies readonly Figure[];
};

function describeParts(parts: Omit<Watched, 'readings'>): string {
  const { controlRssBytes, controlPssBytes, childPssBytes } = parts;
  const [rss, control, child] = [controlRssBytes, controlPssBytes, childPssBytes].map((it) =>
    Math.round(it / MB),
  );
  return `control process ${rss}; with what both share counted once: ${control} + ${child}`;
}

async function watchMemory(world: BenchWorld, minutes: number): Promise<Watched> {
  const { data, scratch, signal } = world;
  const fleet = await startBenchFleet();
  const cameras = await startLiveCameras(await data.video360p());
  const box = await layBox({ scratch, model: data.int8, fleet, cameras: cameras.configs(CAMERAS) });
  const agent = startAgent({ box, fleet, world });
  try {
    await agent.flowing(cameras.configs(CAMERAS).map(({ id }) => String(id)));
    const startedMs = performance.now();
    const readings: Reading[] = [];
    for (;;) {
      const atMin = (performance.now() - startedMs) / 60_000;
      const { rootRssBytes, nodeRssBytes, nodePids } = readTree(agent.pid);
      if (atMin >= minutes)
        return {
          readings,
          controlRssBytes: rootRssBytes,
          controlPssBytes: readPssBytes(agent.pid),
          childPssBytes: nodePids.reduce((sum, pid) => sum + readPssBytes(pid), 0),
        };
      readings.push({ atMin, value: rootRssBytes + nodeRssBytes });
      await delay(EVERY_MS, undefined, { signal });
    }
  } finally {
    await agent.stop();
    await cameras.stop();
    await fleet.stop();
  }
}
