import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { computeCoverBox, type FramePlan } from '../capture/port.ts';
import { agentError } from '../kernel/errors.ts';
import { isTextFile } from '../kernel/text-file.ts';
import type { ConvertPicture, ReadVideo } from './port.ts';

const LAST_WORDS_CHARS = 500;

export const readVideo: ReadVideo = async function* readVideo(path, plan, fps) {
  const isText = await isTextFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (isText) throw unreadable(path);
  const filters = [...(fps === undefined ? [] : [`fps=${fps}`]), ...scaleFilters(plan)];
  const output = [
    '-vf',
    filters.join(','),
    '-fps_mode',
    'passthrough',
    '-pix_fmt',
    'rgb24',
    '-f',
    'rawvideo',
  ];
  const ffmpeg = startFfmpeg(path, output);
  let frames = 0;
  try {
    for await (const frame of cutFrames(ffmpeg.stdout, plan.width * plan.height * 3)) {
      frames += 1;
      yield frame;
    }
    await ffmpeg.finish(frames);
  } finally {
    await ffmpeg.kill();
  }
};

export const convertToPng: ConvertPicture = async (path) => {
  const ffmpeg = startFfmpeg(path, ['-frames:v', '1', '-c:v', 'png', '-f', 'image2pipe']);
  const png = await buffer(ffmpeg.stdout);
  await ffmpeg.finish(png.length);
  return png;
};

/** As the cameras do: scaled, then cut or filled as rgb24. */
function scaleFilters(plan: FramePlan): readonly string[] {
  const { width, height, fit, padLevel = 0, scaleFlags } = plan;
  const scale = (box: Pick<FramePlan, 'width' | 'height'>, how = ''): string =>
    `scale=${box.width}:${box.height}${how}:flags=${scaleFlags},format=rgb24`;
  if (fit === 'squash') return [scale(plan)];
  if (fit === 'cover')
    return [
      scale(computeCoverBox(plan), ':force_original_aspect_ratio=increase'),
      `crop=${width}:${height}:ceil((iw-ow)/2):ceil((ih-oh)/2)`,
    ];
  const hex = padLevel.toString(16).padStart(2, '0').repeat(3);
  return [
    scale(plan, ':force_original_aspect_ratio=decrease'),
    `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2:color=0x${hex}`,
  ];
}

/** The pipe is read as frames are asked for: a slow reader stops ffmpeg, and nothing is dropped. */
async function* cutFrames(stream: Readable, frameBytes: number): AsyncGenerator<Uint8Array> {
  const frame = Buffer.allocUnsafeSlow(frameBytes);
  let filled = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (let from = 0; from < chunk.length; ) {
      const copied = chunk.copy(frame, filled, from);
      from += copied;
      filled += copied;
      if (filled < frameBytes) continue;
      yield frame;
      filled = 0;
    }
  }
}

interface Ffmpeg {
  readonly stdout: Readable;
  /**
   * Waits for the end, once the output is read.
   * @param units bytes or frames that were read; none is an error
   * @throws AppError PICTURE_UNREADABLE | CAPTURE_FAILED
   */
  finish(units: number): Promise<void>;
  kill(): Promise<void>;
}

function startFfmpeg(path: string, output: readonly string[]): Ffmpeg {
  // `file:` keeps a name with a colon, or one that begins with a dash, from being read as something else.
  const input = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-i', `file:${path}`, '-map', '0:v:0'];
  const child = spawn('ffmpeg', [...input, ...output, 'pipe:1'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = watchEnd(child, path);
  return {
    stdout: child.stdout,
    finish: async (units) => {
      const error = (await ended) ?? (units === 0 ? unreadable(path) : undefined);
      if (error !== undefined) throw error;
    },
    kill: async () => {
      child.kill('SIGKILL');
      child.stdout.destroy();
      await ended;
    },
  };
}

function watchEnd(
  child: ChildProcessByStdio<null, Readable, Readable>,
  path: string,
): Promise<Error | undefined> {
  let lastWords = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARS);
  });
  return new Promise((resolve) => {
    child.once('error', (cause) => {
      resolve(agentError('CAPTURE_FAILED', 'ffmpeg could not be started', { cause }));
    });
    child.once('close', (code) => {
      resolve(code === 0 ? undefined : unreadable(path, new Error(lastWords.trim())));
    });
  });
}

function unreadable(path: string, cause?: unknown): Error {
  return agentError(
    'PICTURE_UNREADABLE',
    `${path} is neither a picture nor a video`,
    cause === undefined ? undefined : { cause },
  );
}
