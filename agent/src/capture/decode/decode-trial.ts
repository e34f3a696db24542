import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { parseProcessStat } from '../../kernel/process-stat.ts';
import type { Decoder } from '../ffmpeg/decode-method.ts';
import { type FfmpegSource, planFfmpeg } from '../ffmpeg/ffmpeg-arguments.ts';
import { planInput } from '../ffmpeg/ffmpeg-input.ts';
import { type DecodeTrial, parseVideoFormat, type VideoFormat } from './decode-choice.ts';
import type { DecodeFacts } from './decode-offers.ts';

const run = promisify(execFile);
const ASK_LIMIT_MS = 10_000;
/** ffmpeg gives up on a silent camera before. */
const LOOK_LIMIT_MS = 15_000;
const TRIAL_LIMIT_MS = 20_000;
/** Of the video, before anything is counted: buffers fill, decoders are set up. */
const WARM_UP_SEC = 1;
const MEASURED_SEC = 3;
const LAST_WORDS_CHARS = 300;

/** Asks ffmpeg and the system what there is to decode with. What cannot be asked is not there. */
export async function readDecodeFacts(ffmpegPath: string): Promise<DecodeFacts> {
  const ask = (option: string): Promise<string> =>
    run(ffmpegPath, ['-hide_banner', option], { timeout: ASK_LIMIT_MS, killSignal: 'SIGKILL' }).then(
      ({ stdout }) => stdout,
      () => '',
    );
  const list = (folder: string): Promise<readonly string[]> =>
    readdir(folder).then(
      (names) => names.map((name) => `${folder}/${name}`),
      () => [],
    );
  const [hwaccels, decoders, nodes, cards] = await Promise.all([
    ask('-hwaccels'),
    ask('-decoders'),
    list('/dev'),
    list('/dev/dri'),
  ]);
  return { hwaccels, decoders, devices: [...nodes, ...cards].toSorted() };
}

/** What the camera sends; undefined while it cannot be opened. */
export async function lookAtVideo(
  ffmpegPath: string,
  source: FfmpegSource,
  signal: AbortSignal,
): Promise<VideoFormat | undefined> {
  const { args, stdin } = planInput(source);
  const child = spawn(ffmpegPath, ['-hide_banner', ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
    signal: AbortSignal.any([signal, AbortSignal.timeout(LOOK_LIMIT_MS)]),
    // One that waits for its device heeds nothing else.
    killSignal: 'SIGKILL',
  });
  child.on('error', ignore);
  if (!hasStreams(child)) return undefined;
  child.stdin.on('error', ignore).end(stdin);
  // Without an output it names its inputs, and ends.
  return parseVideoFormat(await text(child.stderr).catch(() => ''));
}

/** Against its type, a child has none where no files were left to make them. */
const hasStreams = ({ stdio }: ChildProcess): boolean => stdio !== undefined;

const ignore = (): void => undefined;

/** Decodes the camera for a few seconds as it would be decoded all day, with everything thrown away. */
export async function tryDecoder(
  ffmpegPath: string,
  source: FfmpegSource,
  decoder: Decoder,
  signal: AbortSignal,
): Promise<DecodeTrial> {
  const { args, stdin } = planFfmpeg({ ...source, decoder });
  const thrownAway = args.map((arg) => (/^pipe:[1-9]\d*$/.test(arg) ? '/dev/null' : arg));
  const child = spawn(ffmpegPath, ['-y', '-progress', 'pipe:1', '-stats_period', '0.2', ...thrownAway], {
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: AbortSignal.any([signal, AbortSignal.timeout(TRIAL_LIMIT_MS)]),
    killSignal: 'SIGKILL',
  });
  const { method } = decoder;
  const closed = once(child, 'close').catch(ignore);
  child.on('error', ignore);
  if (!hasStreams(child)) return { method, why: 'no files are left to run ffmpeg with' };
  child.stdin.on('error', ignore).end(stdin);
  const words = text(child.stderr).catch(() => '');
  const cpu01 = await watchProgress(child.stdout, () => readCpuSec(child.pid));
  child.kill('SIGKILL');
  await closed;
  if (cpu01 !== undefined) return { method, cpu01 };
  const why = (await words).trim().split(/\r?\n/).slice(-2).join('; ').slice(0, LAST_WORDS_CHARS);
  return { method, why: why || `no ${MEASURED_SEC} seconds of video within ${TRIAL_LIMIT_MS / 1000} s` };
}

/** @returns CPU seconds for a second of video; undefined when it ends too early */
async function watchProgress(
  output: NodeJS.ReadableStream,
  readCpu: () => Promise<number | undefined>,
): Promise<number | undefined> {
  let first: { readonly videoSec: number; readonly cpuSec: number } | undefined;
  for await (const line of createInterface({ input: output })) {
    const [, micros] = /^out_time_us=(\d+)$/.exec(line) ?? [];
    const videoSec = Number(micros ?? 0) / 1e6;
    const cpuSec = videoSec < WARM_UP_SEC ? undefined : await readCpu();
    if (cpuSec === undefined) continue;
    first ??= { videoSec, cpuSec };
    const measuredSec = videoSec - first.videoSec;
    if (measuredSec >= MEASURED_SEC) return (cpuSec - first.cpuSec) / measuredSec;
  }
  return undefined;
}

async function readCpuSec(pid: number | undefined): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return parseProcessStat(stat)?.ownCpuSec;
}
