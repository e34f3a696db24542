import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DEMO_HELP, type DemoRequest, parseDemoArguments } from './demo/arguments.ts';
import { buildDemoBundle } from './demo/bundle.ts';
import { type BoxPlan, startFleet } from './demo/fleet.ts';
import { LAYOUT } from './demo/layout.ts';
import { ensureParkVideo, type ParkVideo } from './demo/park-videos.ts';
import { runSmoke, type SmokeResult } from './demo/smoke.ts';
import { builtWeb } from './web-build.ts';

interface ParkCamera {
  readonly id: string;
  readonly name: string;
  readonly seed: number;
}

const PARKS: Readonly<Record<string, readonly ParkCamera[]>> = {
  'park-north': [
    { id: 'gate', name: 'North gate', seed: 1 },
    { id: 'path', name: 'North path', seed: 3 },
  ],
  'park-south': [
    { id: 'meadow', name: 'South meadow', seed: 2 },
    { id: 'bench', name: 'South bench', seed: 4 },
  ],
};
const VIDEO_SEC = 60;

const say = (text: string): void => void process.stderr.write(`demo: ${text}\n`);

async function main(): Promise<number> {
  const request = parseDemoArguments(process.argv.slice(2));
  if (request === 'help') {
    process.stdout.write(DEMO_HELP);
    return 0;
  }
  if (request.reset) await rm(LAYOUT.state, { recursive: true, force: true });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  say('building the web page if it changed …');
  await builtWeb();
  return request.smoke ? smoke(stopping.signal) : show(request, stopping.signal);
}

async function smoke(signal: AbortSignal): Promise<number> {
  const result = await runSmoke(signal, say);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return isSound(result) ? 0 : 1;
}

/** What the smoke run promises; a classifier that fell below its card shows here too. */
function isSound({ devices, lost, duplicates, outboxRows, eventsStored, accuracy }: SmokeResult): boolean {
  return (
    devices === 2 && lost === 0 && duplicates === 0 && outboxRows === 0 && eventsStored > 0 && accuracy >= 0.9
  );
}

async function show(request: DemoRequest, signal: AbortSignal): Promise<number> {
  const { boxes, video } =
    request.camera === undefined ? await planPark(signal) : planOwnCamera(request.camera);
  const { httpPort, mqttPort } = request;
  const bundle = await buildDemoBundle(LAYOUT.state, request.model, video);
  const fleet = await startFleet({ state: LAYOUT.state, httpPort, mqttPort, boxes, bundle }, say);
  process.stdout.write(
    `\n  Watchpost is running.\n\n  open      ${fleet.url}\n  user      ${fleet.user}\n  password  ${fleet.password}\n\n` +
      `  Boxes: ${boxes.map(({ id }) => id).join(', ')}. API document: ${fleet.url}/docs. Ctrl-C stops everything.\n\n`,
  );
  if (!signal.aborted) await once(signal, 'abort');
  say('stopping …');
  await fleet.stop();
  say('stopped.');
  return 0;
}

interface DemoPlan {
  readonly boxes: readonly BoxPlan[];
  /** Where golden frames are cut from. */
  readonly video?: ParkVideo;
}

async function planPark(signal: AbortSignal): Promise<DemoPlan> {
  const videos = new Map<number, ParkVideo>();
  for (const { seed } of Object.values(PARKS).flat())
    videos.set(seed, await ensureParkVideo(seed, VIDEO_SEC, signal));
  const boxes = Object.entries(PARKS).map(([id, cameras]) => ({
    id,
    cameras: cameras.map(({ seed, ...camera }) => ({ ...camera, file: videos.get(seed)?.file, loop: true })),
  }));
  const video = videos.get(1);
  return { boxes, ...(video && { video }) };
}

function planOwnCamera(source: string): DemoPlan {
  const camera = { id: 'own', name: 'Your camera', ...describeSource(source) };
  return { boxes: [{ id: 'your-box', cameras: [camera] }] };
}

function describeSource(source: string): Readonly<Record<string, unknown>> {
  if (/^(rtsps?|https?):\/\//.test(source)) return { url: source };
  if (source.startsWith('/dev/')) return { device: source };
  return { file: resolve(source), loop: true };
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
