import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { FfmpegTexts } from './diagnose-software.ts';

const run = promisify(execFile);
const LIMIT_MS = 10_000;

/** Asks the ffmpeg on the PATH what it can do. */
export async function readFfmpegTexts(): Promise<FfmpegTexts> {
  const ask = async (command: string, option: string): Promise<string | undefined> => {
    const asked = run(command, ['-hide_banner', option], { timeout: LIMIT_MS });
    return asked.then(
      ({ stdout }) => stdout,
      () => undefined,
    );
  };
  const [version, demuxers = '', decoders = '', protocols = '', probe] = await Promise.all([
    ask('ffmpeg', '-version'),
    ask('ffmpeg', '-demuxers'),
    ask('ffmpeg', '-decoders'),
    ask('ffmpeg', '-protocols'),
    ask('ffprobe', '-version'),
  ]);
  return { version, demuxers, decoders, protocols, hasProbe: probe !== undefined };
}
