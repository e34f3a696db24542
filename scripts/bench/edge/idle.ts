import { type AgentRun, type AgentWindow, startAgent } from './agent-run.ts';
import { type BenchFleet, startBenchFleet } from './broker.ts';
import { layBox } from './laid-box.ts';
import { type LiveCameras, startLiveCameras } from './live-cameras.ts';
import { measureNativeMs } from './native-time.ts';
import { measureLive } from './same-ffmpeg.ts';
import { type Figure, median } from './targets.ts';
import type { BenchSubject, BenchWorld } from './world.ts';

const SUBJECT = 'idle';
const BASE_WARM_UP_SEC = 3;
const MAX_SEARCH_RUNS = 4;

/** Live cameras over RTSP, at 5 frames a second, by a running agent with all that it does. */
export const benchIdle: BenchSubject = async (world) => {
  const fleet = await startBenchFleet();
  try {
    const bench = { world, fleet, seconds: world.isQuick ? 5 : 8 };
    return [...(await benchSmall(bench)), ...(await benchLarge(bench)), ...(await benchIdleScene(bench))];
  } finally {
    await fleet.stop();
  }
};

interface Bench {
  readonly world: BenchWorld;
  readonly fleet: BenchFleet;
  /** Of one window. */
  readonly seconds: number;
}

async function benchSmall(bench: Bench): Promise<readonly Figure[]> {
  const { world } = bench;
  return withCameras(await world.data.video360p(), async (cameras) => {
    const counts = world.isQuick ? [] : [1, 8];
    const shares: Figure[] = [];
    for (const count of counts)
      shares.push(...describeShare(count, '360p', await measureShare(bench, cameras, count)));
    return [
      ...shares,
      ...(await benchTarget(bench, cameras)),
      ...(await benchFast(bench, cameras)),
      ...(await benchCapacity(bench, cameras, { size: '360p', from: 20, steps: 4, target: 'cameras360p' })),
    ];
  });
}

async function benchLarge(bench: Bench): Promise<readonly Figure[]> {
  return withCameras(await bench.world.data.video1080p(), async (cameras) => {
    const shares: Figure[] = [];
    for (const count of bench.world.isQuick ? [] : [1, 4, 8])
      shares.push(...describeShare(count, '1080p', await measureShare(bench, cameras, count)));
    return [
      ...shares,
      ...(await benchCapacity(bench, cameras, { size: '1080p', from: 5, steps: 1, target: 'cameras1080p' })),
    ];
  });
}

async function withCameras<Result>(
  video: string,
  work: (cameras: LiveCameras) => Promise<Result>,
): Promise<Result> {
  const cameras = await startLiveCameras(video);
  try {
    return await work(cameras);
  } finally {
    await cameras.stop();
  }
}

interface Measured {
  readonly window: AgentWindow;
  readonly ffmpegs: readonly (readonly string[])[];
}

interface RunPlan {
  readonly cameras: readonly Readonly<Record<string, unknown>>[];
  readonly withLoopDelay?: boolean;
  readonly settings?: object;
  /** What is waited for before the window, when frames flow. */
  readonly settle?: (agent: AgentRun) => Promise<unknown>;
}

/** An agent from its start to its end, with one window in between. */
async function runAgent<Result>(
  { world, fleet }: Bench,
  { cameras, withLoopDelay = false, settings, settle }: RunPlan,
  work: (agent: AgentRun) => Promise<Result>,
): Promise<Result> {
  const { scratch, data } = world;
  const box = await layBox({ scratch, model: data.int8, fleet, cameras, ...(settings && { settings }) });
  const agent = startAgent({ box, fleet, world, withLoopDelay });
  try {
    await agent.flowing(cameras.map(({ id }) => String(id)));
    await settle?.(agent);
    return await work(agent);
  } finally {
    await agent.stop();
  }
}

const measureAgent = (bench: Bench, plan: RunPlan): Promise<Measured> =>
  runAgent(bench, plan, async (agent) => ({
    ffmpegs: agent.ffmpegs(),
    window: await agent.watch(bench.seconds),
  }));

/** CPU seconds per second: of the same ffmpegs with their output thrown away, and of the runs of the model. */
async function measureBase({ world, seconds }: Bench, { ffmpegs, window }: Measured): Promise<number> {
  const { data, signal } = world;
  const decoding = await measureLive(ffmpegs, { warmUpSec: BASE_WARM_UP_SEC, seconds }, signal);
  const runsPerSec = Math.max(window.processedFps, 0.5);
  const nativeMs = await measureNativeMs(data.int8, { runsPerSec, seconds: Math.min(seconds, 4) }, signal);
  return decoding / seconds + (runsPerSec * nativeMs) / 1000;
}

interface Share {
  readonly measured: Measured;
  readonly base: number;
}

async function measureShare(bench: Bench, cameras: LiveCameras, count: number): Promise<Share> {
  bench.world.say(`idle: ${count} ${count === 1 ? 'camera' : 'cameras'}, and the same without the agent`);
  const measured = await measureAgent(bench, { cameras: cameras.configs(count) });
  return { measured, base: await measureBase(bench, measured) };
}

const shareOf = ({ window }: Measured): number => window.cpuSec / window.seconds;

function describeShare(count: number, size: string, { measured, base }: Share): readonly Figure[] {
  const what = `CPU of ${count} x ${size} at 5 fps`;
  return [
    {
      subject: SUBJECT,
      what: `${what}, share of one core`,
      value: shareOf(measured),
      note: partsOf(measured),
    },
    { subject: SUBJECT, what: `${what} / ffmpeg alone + inference`, value: shareOf(measured) / base },
  ];
}

function partsOf({ window }: Measured): string {
  const { seconds, rootCpuSec, ffmpegCpuSec, cpuSec, processedFps } = window;
  const share = (sec: number): string => ((sec * 100) / seconds).toFixed(1);
  const child = cpuSec - rootCpuSec - ffmpegCpuSec;
  const parts = `control ${share(rootCpuSec)} %, ffmpeg ${share(ffmpegCpuSec)} %, inference ${share(child)} %`;
  return `${parts}; ${processedFps.toFixed(1)} frames classified per second`;
}

/** The figure with a target: agent, baseline, baseline, agent. */
async function benchTarget(bench: Bench, cameras: LiveCameras): Promise<readonly Figure[]> {
  const shares = [await measureShare(bench, cameras, 4)];
  if (!bench.world.isQuick) {
    const [first] = shares;
    if (first === undefined) throw new TypeError('nothing was measured');
    const base = await measureBase(bench, first.measured);
    bench.world.say('idle: 4 cameras once more');
    shares.push({ measured: await measureAgent(bench, { cameras: cameras.configs(4) }), base });
  }
  const [{ measured } = { measured: undefined }] = shares;
  return [
    {
      subject: SUBJECT,
      what: 'CPU of 4 x 360p at 5 fps, share of one core',
      value: median(shares.map((share) => shareOf(share.measured))),
      ...(measured && { note: partsOf(measured) }),
    },
    {
      subject: SUBJECT,
      what: 'CPU of 4 x 360p at 5 fps / ffmpeg alone + inference (median)',
      value: median(shares.map((share) => shareOf(share.measured) / share.base)),
      target: 'idleCpu',
    },
  ];
}

async function benchFast(bench: Bench, cameras: LiveCameras): Promise<readonly Figure[]> {
  bench.world.say('idle: a camera at 25 fps');
  const { window } = await measureAgent(bench, { cameras: cameras.configs(1, { fps: 25 }) });
  return [
    {
      subject: SUBJECT,
      what: 'capture to decision p95, 360p at 25 fps (ms)',
      value: Math.max(...window.stats.map(({ endToEndMs }) => endToEndMs.p95)),
      note: `from the last byte of the picture in the agent; ${window.processedFps.toFixed(1)} frames per second`,
      target: 'captureToDecisionP95Ms',
    },
  ];
}

interface Search {
  readonly size: string;
  /** The number the target speaks of. */
  readonly from: number;
  readonly steps: number;
  readonly target: 'cameras360p' | 'cameras1080p';
}

/** Begins at the target, and halves what is left between a number that is carried and one that is not. */
async function benchCapacity(bench: Bench, cameras: LiveCameras, search: Search): Promise<readonly Figure[]> {
  const { size, from, steps, target } = search;
  const { isQuick, say } = bench.world;
  const delays: number[] = [];
  const words: string[] = [];
  const fits = async (count: number): Promise<boolean> => {
    say(`idle: ${count} cameras ${size}`);
    const { lost, delayMs } = await runFull(bench, cameras.configs(count));
    delays.push(delayMs);
    words.push(`${count}: ${(lost * 100).toFixed(1)} % dropped`);
    return lost === 0;
  };
  let [carried, refused] = (await fits(from)) ? [from, from + 3 * steps] : [0, from];
  for (let run = 1; run < (isQuick ? 1 : MAX_SEARCH_RUNS) && refused - carried > 1; run += 1) {
    const count = Math.ceil((carried + refused) / 2);
    if (await fits(count)) carried = count;
    else refused = count;
  }
  const [fullDelayMs = 0] = delays;
  const found: Figure = {
    subject: SUBJECT,
    what: `cameras ${size} at 5 fps without a dropped frame`,
    value: carried,
    note: words.join(', '),
    target,
  };
  if (target !== 'cameras360p') return [found];
  const what = `event-loop delay p99 of the control process, ${from} cameras ${size} (ms)`;
  return [found, { subject: SUBJECT, what, value: fullDelayMs, target: 'loopDelayP99Ms' }];
}

/** Share of the frames that came too late for the model, or did not come. */
async function runFull(
  bench: Bench,
  cameras: readonly Readonly<Record<string, unknown>>[],
): Promise<{ readonly lost: number; readonly delayMs: number }> {
  return runAgent(
    bench,
    { cameras, withLoopDelay: true, settings: AT_FULL_SPEED, settle: (agent) => agent.watch(6) },
    async (agent) => {
      await agent.loopDelayP99Ms();
      // Two reports of every camera, of which at least one lies within the window as a whole.
      const { stats } = await agent.watch(bench.world.isQuick ? 6 : 11);
      const delayMs = (await agent.loopDelayP99Ms()) ?? 0;
      const silent = cameras.length - new Set(stats.map(({ camera }) => camera)).size;
      const dropped = stats.map((it) => Math.max(it.skippedFps, missingFps(it.processedFps)) / FPS);
      return { lost: (sumOf(dropped) + silent) / Math.max(1, stats.length), delayMs };
    },
  );
}

const FPS = 5;
/** A governor that looks at fewer frames would drop none. */
const AT_FULL_SPEED = { governor: { enabled: false } };
/** A report of five seconds may end just before a frame. */
const missingFps = (processed: number): number => (processed < FPS * 0.95 ? FPS - processed : 0);
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Nothing moves against something moves: the same camera, the same settings. */
async function benchIdleScene(bench: Bench): Promise<readonly Figure[]> {
  const { data, say } = bench.world;
  say('idle: a scene in which nothing moves');
  const longer = { ...bench, seconds: Math.max(bench.seconds, 10) };
  const still = await withCameras(await data.stillVideo360p(), (cameras) =>
    measureAgent(longer, {
      cameras: cameras.configs(4),
      settle: (agent) => agent.resting(cameras.configs(4).map(({ id }) => String(id))),
    }),
  );
  say('idle: the same with motion');
  const moving = await withCameras(await data.video360p(), (cameras) =>
    measureAgent(longer, { cameras: cameras.configs(4) }),
  );
  return [
    {
      subject: SUBJECT,
      what: 'CPU of 4 x 360p at 5 fps in which nothing moves, share of one core',
      value: shareOf(still),
      note: partsOf(still),
    },
    {
      subject: SUBJECT,
      what: 'CPU of an idle scene / same with motion, 4 x 360p',
      value: shareOf(still) / shareOf(moving),
      target: 'idleScene',
    },
  ];
}
