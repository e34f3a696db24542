import { parseArgs } from 'node:util';
import { makeParkVideo } from './pet-park/park-video.ts';

const HELP = `Draws a CCTV-like video of a park with cats and dogs, and the truth of every frame beside it.

  node scripts/make-park-video.ts --out FILE.mp4 [--seed N] [--seconds S]

  --seed N      which park, a whole number (default 1)
  --seconds S   length (default 60)
  --out FILE    the MP4 to write; FILE.truth.json (without .mp4) is written beside it
  --help        this text
`;

interface Request {
  readonly seed: number;
  readonly seconds: number;
  readonly outFile: string;
}

function parseRequest(args: readonly string[]): Request | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '60' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const seed = Number(values.seed);
  const seconds = Number(values.seconds);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed takes a whole number, not "${values.seed}"`);
  if (!(seconds > 0 && seconds <= 3600))
    throw new Error(`--seconds takes 0 to 3600, not "${values.seconds}"`);
  if (values.out === undefined) throw new Error('--out FILE.mp4 is missing');
  return { seed, seconds, outFile: values.out };
}

async function main(): Promise<void> {
  const request = parseRequest(process.argv.slice(2));
  if (request === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const startedMs = performance.now();
  const made = await makeParkVideo({
    ...request,
    signal: stop.signal,
    onProgress: ({ frames, totalFrames }) =>
      process.stderr.write(`\rdrawing ${frames}/${totalFrames} frames`),
  });
  const fps = made.truth.frames / ((performance.now() - startedMs) / 1000);
  process.stderr.write(`\r${made.videoFile}: ${made.truth.frames} frames, ${fps.toFixed(0)} fps\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`\nmake-park-video: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
