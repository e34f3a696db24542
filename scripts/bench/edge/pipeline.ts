import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CameraStats } from '@watchpost/shared/messages/camera.ts';
import { startAgent } from './agent-run.ts';
import { type BenchFleet, startBenchFleet } from './broker.ts';
import { runBaseline, runJson } from './child.ts';
import type { BenchModel } from './data.ts';
import { layBox } from './laid-box.ts';
import { measureNativeMs } from './native-time.ts';
import { withClipAttributes } from './opencv-model.ts';
import { readTree } from './proc-tree.ts';
import { measurePass } from './same-ffmpeg.ts';
import { type Figure, median } from './targets.ts';
import type { TfjsResult } from './tfjs-pipeline.ts';
import type { BenchSubject, BenchWorld } from './world.ts';

const SUBJECT = 'pipeline';
const FPS = 25;
/** Debian's, where python3-opencv is. */
const PYTHON = '/usr/bin/python3';
const OPENCV_SCRIPT = fileURLToPath(new URL('opencv-pipeline.py', import.meta.url));

/** Every frame of a 1080p recording through a running agent: capture, inference child, decision, telemetry and all. */
export const benchPipeline: BenchSubject = async (world) => {
  const fleet = await startBenchFleet();
  try {
    return await measureAll(world, fleet);
  } finally {
    await fleet.stop();
  }
};

/** Agent, baseline, baseline, agent: what drifts meanwhile touches both alike. */
async function measureAll(world: BenchWorld, fleet: BenchFleet): Promise<readonly Figure[]> {
  const { data, signal, isQuick, say } = world;
  const video = await data.video1080p();
  const rounds = isQuick ? 1 : 2;
  const [int8, fp32, opencv, floors]: [Cost[], Cost[], Opencv[], number[]] = [[], [], [], []];
  const reasons: string[] = [];
  const steps: (() => Promise<void>)[] = [
    async () => {
      say('pipeline: the agent, int8');
      const cost = await measureAgent(world, fleet, data.int8, video);
      int8.push(cost);
      say('pipeline: the same ffmpeg with its output thrown away, and the model alone');
      floors.push(await measureFloor(world, data.int8, cost));
    },
    async () => {
      if (data.fp32 === undefined) return;
      say('pipeline: the agent, fp32');
      fp32.push(await measureAgent(world, fleet, data.fp32, video));
    },
    async () => {
      say('pipeline: OpenCV');
      const found = await measureOpencv(world, video);
      if (typeof found === 'string') reasons.push(found);
      else opencv.push(found);
    },
  ];
  for (let round = 0; round < rounds; round += 1)
    for (const step of round % 2 === 0 ? steps : steps.toReversed()) await step();
  say('pipeline: TensorFlow.js (WebAssembly)');
  const tfjs = await runBaseline<TfjsResult>(
    'tfjs-pipeline.ts',
    { video, frames: isQuick ? 40 : 200 },
    signal,
  );
  return [
    ...describeFloor(int8, floors),
    ...describeOpencv({ int8, fp32, opencv, reason: reasons[0] ?? '' }),
    ...describeTfjs(int8, tfjs),
  ];
}

interface Cost {
  /** User and system, of the agent, its inference child and its ffmpeg, per frame. */
  readonly cpuMs: number;
  readonly fps: number;
  readonly rootCpuMs: number;
  readonly ffmpegCpuMs: number;
  readonly ffmpeg: readonly string[];
}

/** From one report of the camera to a later one, since each says how many frames were classified up to it. */
async function measureAgent(
  world: BenchWorld,
  fleet: BenchFleet,
  model: BenchModel,
  file: string,
): Promise<Cost> {
  const { scratch, isQuick } = world;
  const camera = { id: 'gate', file, fps: FPS, loop: true, pace: 'full' };
  const box = await layBox({ scratch, model, fleet, cameras: [camera] });
  const agent = startAgent({ box, fleet, world });
  try {
    await agent.flowing(['gate']);
    const [before, after] = await readMarks(fleet, agent.pid, isQuick ? 1 : 2);
    const [ffmpeg = []] = agent.ffmpegs();
    const frames = after.processed - before.processed;
    const perFrame = (sec: number): number => (sec * 1000) / frames;
    return {
      cpuMs: perFrame(after.cpuSec - before.cpuSec),
      rootCpuMs: perFrame(after.rootCpuSec - before.rootCpuSec),
      ffmpegCpuMs: perFrame(after.ffmpegCpuSec - before.ffmpegCpuSec),
      fps: (frames * 1000) / (after.atMs - before.atMs),
      ffmpeg,
    };
  } finally {
    await agent.stop();
  }
}

interface Mark extends Omit<ReturnType<typeof readTree>, 'ffmpegPids' | 'nodePids'> {
  readonly processed: number;
  readonly atMs: number;
}

/** The first report that comes, and the one `reports` after it. */
function readMarks(fleet: BenchFleet, pid: number, reports: number): Promise<readonly [Mark, Mark]> {
  const marks: Mark[] = [];
  return new Promise((resolve) => {
    const ignore = fleet.onStats((_camera, { processedTotal }: CameraStats) => {
      marks.push({ ...readTree(pid), processed: processedTotal, atMs: performance.now() });
      const [first, last] = [marks[0], marks[reports]];
      if (first === undefined || last === undefined) return;
      ignore();
      resolve([first, last]);
    });
  });
}

/** CPU of a frame, in milliseconds. */
async function measureFloor(
  { signal, isQuick }: BenchWorld,
  model: BenchModel,
  { ffmpeg, fps }: Cost,
): Promise<number> {
  const pass = await measurePass(ffmpeg, isQuick ? 4 : 12, signal);
  const nativeMs = await measureNativeMs(model, { runsPerSec: fps, seconds: isQuick ? 2 : 5 }, signal);
  return (pass.cpuSecPerMediaSec * 1000) / FPS + nativeMs;
}

interface Opencv {
  readonly cpuMs: number;
  readonly fps: number;
}

/** @returns why not, where it cannot be measured */
async function measureOpencv(world: BenchWorld, video: string): Promise<Opencv | string> {
  const { data, signal, isQuick, scratch } = world;
  if (data.fp32 === undefined) return 'the real fp32 model is not there';
  if (!existsSync(PYTHON)) return `${PYTHON} is not installed`;
  const installed = await runJson<boolean>(
    [PYTHON, '-c', 'import importlib.util as u; print("true" if u.find_spec("cv2") else "false")'],
    signal,
  );
  if (!installed) return 'OpenCV for Python is not installed: apt-get install python3-opencv';
  const frames = String(isQuick ? 50 : 300);
  const model = join(scratch, 'opencv.onnx');
  await writeFile(model, withClipAttributes(await readFile(data.fp32.path)));
  return runJson<Opencv>([PYTHON, OPENCV_SCRIPT, model, video, frames], signal);
}

const mid = <Item>(items: readonly Item[], read: (item: Item) => number): number | undefined =>
  items.length === 0 ? undefined : median(items.map(read));
const ratio = (value: number | undefined, base: number | undefined): number | undefined =>
  value === undefined || base === undefined ? undefined : value / base;

function describeFloor(int8: readonly Cost[], floors: readonly number[]): readonly Figure[] {
  const cost = mid(int8, ({ cpuMs }) => cpuMs);
  const [control, ffmpeg] = [
    mid(int8, ({ rootCpuMs }) => rootCpuMs),
    mid(int8, ({ ffmpegCpuMs }) => ffmpegCpuMs),
  ];
  const floor = median(floors);
  const parts = `control process ${control?.toFixed(2)}, ffmpeg ${ffmpeg?.toFixed(2)}, the rest is the inference child`;
  return [
    { subject: SUBJECT, what: 'agent, int8, CPU per 1080p frame (ms)', value: cost, note: parts },
    { subject: SUBJECT, what: 'agent, int8, frames per second', value: mid(int8, ({ fps }) => fps) },
    {
      subject: SUBJECT,
      what: 'floor: same ffmpeg thrown away + native model, CPU per frame (ms)',
      value: floor,
    },
    {
      subject: SUBJECT,
      what: 'CPU per 1080p frame, int8 / floor (median of the rounds)',
      value: median(int8.map(({ cpuMs }, at) => cpuMs / (floors[at] ?? floor))),
      target: 'pipelineFloor',
    },
  ];
}

interface OpencvRun {
  readonly int8: readonly Cost[];
  readonly fp32: readonly Cost[];
  readonly opencv: readonly Opencv[];
  /** Why it was not measured. */
  readonly reason: string;
}

function describeOpencv({ int8, fp32, opencv, reason }: OpencvRun): readonly Figure[] {
  const base = mid(opencv, ({ cpuMs }) => cpuMs);
  const note = base === undefined ? { note: reason } : {};
  const [ours, ours8] = [mid(fp32, ({ cpuMs }) => cpuMs), mid(int8, ({ cpuMs }) => cpuMs)];
  const subject = SUBJECT;
  return [
    { subject, what: 'agent, fp32, CPU per 1080p frame (ms)', value: ours, ...note },
    { subject, what: 'OpenCV, fp32, CPU per 1080p frame (ms)', value: base, ...note },
    { subject, what: 'OpenCV, fp32, frames per second', value: mid(opencv, ({ fps }) => fps), ...note },
    {
      subject,
      what: 'CPU per 1080p frame, fp32 / OpenCV fp32',
      value: ratio(ours, base),
      target: 'pipelineOpencv',
      ...note,
    },
    {
      subject,
      what: 'CPU per 1080p frame, int8 / OpenCV fp32',
      value: ratio(ours8, base),
      target: 'pipelineOpencvInt8',
      ...note,
    },
  ];
}

function describeTfjs(int8: readonly Cost[], { cpuMs, fps }: TfjsResult): readonly Figure[] {
  const note = 'MobileNetV2 with random weights: the same layers, no ONNX model can be loaded there';
  const subject = SUBJECT;
  const value = ratio(
    mid(int8, (cost) => cost.cpuMs),
    cpuMs,
  );
  return [
    { subject, what: 'TensorFlow.js WebAssembly, CPU per 1080p frame (ms)', value: cpuMs, note },
    { subject, what: 'TensorFlow.js WebAssembly, frames per second', value: fps },
    { subject, what: 'CPU per 1080p frame, int8 / TensorFlow.js', value },
  ];
}
