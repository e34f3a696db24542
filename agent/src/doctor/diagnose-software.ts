import { noteIn } from './check.ts';
import type { Check } from './port.ts';

/** What `ffmpeg` printed; undefined where it cannot be run. */
export interface FfmpegTexts {
  readonly version: string | undefined;
  readonly demuxers: string;
  readonly decoders: string;
  readonly protocols: string;
  readonly hasProbe: boolean;
}

const note = noteIn('software');
const OLDEST_MAJOR = 5;
const INSTALL = 'Install it: `apt-get install ffmpeg`.';
const NEEDED = {
  demuxers: ['rtsp', 'mjpeg', 'mpjpeg', 'concat'],
  decoders: ['h264', 'hevc', 'mjpeg'],
  protocols: ['tcp', 'udp', 'http', 'https', 'tls', 'pipe'],
} as const;

export function diagnoseSoftware(texts: FfmpegTexts): readonly Check[] {
  if (texts.version === undefined)
    return [note('ffmpeg', 'problem', 'ffmpeg cannot be run: no camera can be opened', INSTALL)];
  const version = /^ffmpeg version n?(\S+)/.exec(texts.version)?.[1] ?? 'unknown';
  const missing = Object.entries(NEEDED).flatMap(([kind, names]) =>
    names
      .filter((name) => !hasName(texts[kind as keyof typeof NEEDED], name))
      .map((name) => `${name} (${kind})`),
  );
  return [judgeVersion(version), ...judgeFeatures(missing), ...judgeProbe(texts.hasProbe)];
}

/** Builds from the sources of a day are named by a commit: they are newer than any release. */
function judgeVersion(version: string): Check {
  const major = /^(\d+)\./.exec(version)?.[1];
  return major !== undefined && Number(major) < OLDEST_MAJOR
    ? note(
        'ffmpeg',
        'problem',
        `ffmpeg ${version} is too old`,
        `Version ${OLDEST_MAJOR}.0 or newer is needed.`,
      )
    : note('ffmpeg', 'ok', `ffmpeg ${version}`);
}

function judgeFeatures(missing: readonly string[]): readonly Check[] {
  if (missing.length === 0) return [];
  const advice = "Use the distribution's ffmpeg: this one was built without them.";
  return [note('ffmpeg parts', 'warning', `this ffmpeg lacks ${missing.join(', ')}`, advice)];
}

function judgeProbe(hasProbe: boolean): readonly Check[] {
  return hasProbe
    ? []
    : [note('ffprobe', 'warning', 'ffprobe cannot be run: formats of streams are not shown', INSTALL)];
}

const hasName = (list: string, name: string): boolean =>
  list.split(/\r?\n/).some((line) =>
    line
      .trim()
      .split(/[\s,]+/)
      .includes(name),
  );
