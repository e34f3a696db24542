import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { chooseLeastCpu, computeCameras, cpuMsOf, findCarried, planNextRun } from '../bench/capacity.ts';
import type { BenchedDecoder, BenchedTrial, BenchedVideo, BenchReport, CameraRun } from '../bench/port.ts';
import { composeSettings, formatBench } from '../bench/report.ts';
import { chooseMethod } from '../capture/decode/decode-choice.ts';
import { findHindrance, findOffers } from '../capture/decode/decode-offers.ts';
import { lookAtVideo, readDecodeFacts, tryDecoder } from '../capture/decode/decode-trial.ts';
import { type Decoder, HARDWARE_METHODS, SOFTWARE } from '../capture/ffmpeg/decode-method.ts';
import type { FfmpegSource } from '../capture/ffmpeg/ffmpeg-arguments.ts';
import { withoutCredentials } from '../capture/sources/camera-url.ts';
import { formatYaml } from '../config/yaml-file.ts';
import { createChildProcessHost } from '../inference/child-process-host.ts';
import { computeFramePlan } from '../inference/frame-plan.ts';
import { checkGoldenFrames } from '../inference/golden.ts';
import { hasRuntime } from '../inference/local-runtime.ts';
import { type BundleFiles, composeModelSpec } from '../inference/model-spec.ts';
import { readCpuFeatures } from '../inference/proc-cpu-features.ts';
import { createSelfTest } from '../inference/self-test.ts';
import { agentError } from '../kernel/errors.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { BENCH_USAGE, type BenchRequest, parseBenchArguments } from './bench-arguments.ts';
import { runCameras } from './bench-load.ts';
import { findBenchModel } from './bench-model.ts';
import { benchCamera, recordSource, SOCKET_TIMEOUT_MS, sourceFields } from './bench-recording.ts';

const FFMPEG = 'ffmpeg';
const MAX_MEMORY_BYTES = 768 * 1024 * 1024;
const MAX_RUNS = 5;

interface Output {
  write(text: string): unknown;
}

export interface BenchIo {
  readonly stdout: Output;
  readonly stderr: Output;
}

/** `watchpost-agent bench`: how many cameras this box carries. @returns the exit code */
export async function runBenchCommand(argv: readonly string[], io: BenchIo): Promise<number> {
  try {
    const request = parseBenchArguments(argv);
    if (request === 'help') {
      io.stdout.write(BENCH_USAGE);
      return 0;
    }
    return await bench(request, io);
  } catch (error) {
    if (!isAppError(error)) throw error;
    io.stderr.write(`watchpost-agent bench: ${describeError(error)}\n`);
    return isAppError(error, 'USAGE_INVALID') ? 2 : 1;
  }
}

async function bench(request: BenchRequest, io: BenchIo): Promise<number> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort(agentError('USAGE_INVALID', 'the bench was interrupted'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-bench-'));
  const say = (text: string): void => void io.stderr.write(`bench: ${text}\n`);
  try {
    const report = await measure(request, { folder, say, signal: stopping.signal });
    io.stdout.write(request.json ? `${JSON.stringify(report)}\n` : formatBench(report));
    if (report.carried > 0) await leaveSettings(request, report, io);
    return report.carried > 0 ? 0 : 1;
  } catch (error) {
    // What was interrupted fails in its own way.
    stopping.signal.throwIfAborted();
    throw error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Workplace {
  readonly folder: string;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** @throws AppError CAMERA_*, INPUT_MISSING, MANIFEST_*, BUNDLE_*, CAMERA_FORMAT for what holds no video */
async function measure(request: BenchRequest, place: Workplace): Promise<BenchReport> {
  const { say, signal } = place;
  const { source, fps } = request;
  const model = await findBenchModel(request);
  say(`reading ${withoutCredentials(source)} …`);
  const file = await recordSource(request, place.folder, signal);
  const { video, decoders } = await measureDecoders(file, { request, model, place });
  const decode = chooseMethod(decoders.map((it) => ({ ...it, method: it.method as Decoder['method'] })));
  const cores = availableParallelism();
  say('measuring the model …');
  const trials = await measureModel(model, cores, signal);
  const best = chooseLeastCpu(trials, fps);
  if (best === undefined)
    throw agentError('SELFTEST_TOO_SLOW', `no variant of ${nameOf(model)} ends within a frame at ${fps} fps`);
  const decode01 = decoders.find(({ method }) => method === decode)?.cpu01 ?? 0;
  const computed = computeCameras({ cores, fps, decode01, inferSec: cpuMsOf(best) / 1000 });
  const runs = await runUntilLimit({ file, best, computed }, { request, model, place });
  const { variant, threads, provider } = best;
  return {
    source: withoutCredentials(source),
    model: nameOf(model),
    ...{ cores, video, decoders, trials, computed, runs },
    best: { fps, decode, variant, threads, ...(provider !== undefined && { provider }) },
    carried: findCarried(runs),
  };
}

interface Work {
  readonly request: BenchRequest;
  readonly model: BundleFiles;
  readonly place: Workplace;
}

const nameOf = ({ manifest }: BundleFiles): string => `${manifest.model} ${manifest.version}`;
const planOf = ({ manifest }: BundleFiles) => computeFramePlan(manifest.preprocess, manifest.input);

async function measureDecoders(
  file: string,
  { request, model, place }: Work,
): Promise<{ readonly video: BenchedVideo; readonly decoders: readonly BenchedDecoder[] }> {
  const { say, signal } = place;
  const camera = benchCamera({ file, fps: request.fps });
  const source: FfmpegSource = { camera, plans: [planOf(model)], socketTimeoutMs: SOCKET_TIMEOUT_MS };
  const video = await lookAtVideo(FFMPEG, source, signal);
  if (video === undefined)
    throw agentError(
      'CAMERA_FORMAT',
      `${withoutCredentials(request.source)} holds no video that ffmpeg can read`,
    );
  const offers = findOffers(await readDecodeFacts(FFMPEG));
  say('decoding in software …');
  const decoders: BenchedDecoder[] = [await tryDecoder(FFMPEG, source, SOFTWARE, signal)];
  for (const method of HARDWARE_METHODS) {
    const offer = offers[method];
    const why = findHindrance(offer, video.codec);
    if (why === undefined) say(`decoding with ${method} …`);
    const device = offer.isOffered && offer.device !== undefined ? { device: offer.device } : {};
    const decoder: Decoder = { method, codec: video.codec, ...device };
    decoders.push(why === undefined ? await tryDecoder(FFMPEG, source, decoder, signal) : { method, why });
  }
  return { video, decoders };
}

async function measureModel(
  model: BundleFiles,
  cores: number,
  signal: AbortSignal,
): Promise<readonly BenchedTrial[]> {
  const selfTest = createSelfTest({
    host: createChildProcessHost({ log: silentLogger, random: () => 0 }),
    checkGoldenFrames,
    readCpuFeatures,
    hasRuntime,
    clock: systemClock,
    log: silentLogger,
  });
  const settings = { spinning: false, accelerator: 'auto', maxMemoryBytes: MAX_MEMORY_BYTES, cores } as const;
  return (await selfTest(model, settings, signal)).findings.trials;
}

interface Plan {
  readonly file: string;
  readonly best: BenchedTrial;
  readonly computed: number;
}

/** The computed number, then the limit itself, in a few runs. */
async function runUntilLimit(
  { file, best, computed }: Plan,
  { request, model, place }: Work,
): Promise<readonly CameraRun[]> {
  const { say, signal } = place;
  const variant = model.manifest.variants.find(({ name }) => name === best.variant);
  if (variant === undefined) throw new TypeError(`the bundle lost its variant ${best.variant}`);
  const how = { threads: best.threads, spinning: false, accelerator: best.provider ?? 'cpu' } as const;
  const host = createChildProcessHost({ log: silentLogger, random: () => 0 });
  const classifier = await host.start(composeModelSpec(model, variant, how), signal);
  const load = { file, fps: request.fps, plan: planOf(model), classifier };
  const runs: CameraRun[] = [];
  try {
    for (let next = planNextRun(runs, computed, MAX_RUNS); next !== undefined; ) {
      say(`running ${next} ${next === 1 ? 'camera' : 'cameras'} …`);
      runs.push(await runCameras(next, load, signal));
      next = planNextRun(runs, computed, MAX_RUNS);
    }
  } finally {
    await classifier.release();
  }
  return runs.toSorted((one, other) => one.cameras - other.cameras);
}

/** @throws AppError USAGE_INVALID when the file is there */
async function leaveSettings(request: BenchRequest, report: BenchReport, io: BenchIo): Promise<void> {
  const yaml = formatYaml(composeSettings(report, sourceFields(request)));
  if (request.write === undefined) {
    if (!request.json) io.stdout.write(`\nbest settings:\n\n${yaml}`);
    return;
  }
  const file = resolve(request.write);
  await writeFile(file, `# Found by watchpost-agent bench.\n${yaml}`, { flag: 'wx' }).catch(
    (cause: unknown) => {
      throw agentError('USAGE_INVALID', `${file} cannot be written, or is there already`, { cause });
    },
  );
  io.stderr.write(`bench: settings written to ${file}\n`);
}
