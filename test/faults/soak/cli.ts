import { parseArgs } from 'node:util';
import { openFaultWorld } from '../../support/fault-world.ts';
import { createRandom } from '../../support/random.ts';
import { countOutcomes, formatOutcome } from '../matrix/run-faults.ts';
import type { ReadingName } from './process-readings.ts';
import { type SoakProgress, type SoakResult, soak } from './soak.ts';
import { computeTrend, isWithinNoise, type Trend } from './trend.ts';

const HELP = `Lets a real fleet run for a long time: models are swapped, things go wrong at random (the agent
itself goes on; its heap is collected after each of them, so that growth is of what it holds),
and its processes are looked at every second. The last line is JSON; exit 0 when every swap and
every fault went well, nothing durable was lost or doubled, and neither memory nor open files
grew.

  npm run soak -- [--minutes N]    how long (30)
                  [--swaps N]      how many swaps of models (20)
                  [--seed N]       chooses the faults; printed when not given

Growth is the slope of a straight line (least squares over the means of 24 blocks of time,
without the first fifth, in which the process warms up), with its 95 % confidence interval.
It is within noise when the low end of the interval, taken over the whole run, is not more
than the standard deviation of the blocks around the line, or than 8 MB or 2 files: so much the
caches of libraries take while they fill (MQTT packets keep a buffer for each length of a message).
`;

const MB = 1024 * 1024;
/** So few that the oldest pictures go within the warm-up, as they do on a box that has run for weeks. */
const EVIDENCE = { maxBytes: 4 * MB };
/** Growth over the whole run below which there is none. */
const LEAST: Readonly<Record<ReadingName, number>> = {
  agentRssBytes: 8 * MB,
  inferenceRssBytes: 8 * MB,
  agentFiles: 2,
  agentThreads: 2,
};
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      swaps: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [minutes, swaps, seed] = [Number(values.minutes), Number(values.swaps), Number(values.seed)];
  tell(`seed ${seed}; ${minutes} minutes, ${swaps} swaps`);
  const world = await openFaultWorld({
    random: createRandom(seed),
    settings: { evidence: EVIDENCE },
  });
  try {
    const result = await soak(world, {
      minutes,
      swaps,
      onMinute: tellMinute,
      onOutcome: (outcome) => {
        if (!outcome.survived) tell(formatOutcome(outcome));
      },
    });
    return conclude(result, { minutes, swaps, seed });
  } finally {
    await world.close();
  }
}

function tellMinute({ minute, swaps, faults, readings }: SoakProgress): void {
  const last = (name: ReadingName): number => readings[name].at(-1)?.value ?? 0;
  const memory = `agent ${toMb(last('agentRssBytes'))} MB, inference ${toMb(last('inferenceRssBytes'))} MB`;
  const rest = `${last('agentFiles')} files, ${last('agentThreads')} threads`;
  tell(`minute ${minute}: ${swaps} swaps, ${faults} faults, ${memory}, ${rest}`);
}

const toMb = (bytes: number): string => (bytes / MB).toFixed(1);

interface Asked {
  readonly minutes: number;
  readonly swaps: number;
  readonly seed: number;
}

function conclude(result: SoakResult, asked: Asked): number {
  const { outcomes, lost, duplicates, problems, readings } = result;
  const trends = Object.entries(readings).map(([name, values]) => {
    const trend = computeTrend(values);
    const isFlat = isWithinNoise(trend, LEAST[name as ReadingName]);
    tell(formatTrend(name, trend, isFlat));
    return [
      name,
      { slopePerMin: round(trend.slope), low: round(trend.low), high: round(trend.high), isFlat },
    ];
  });
  for (const problem of problems) tell(problem);
  const { faults, survived } = countOutcomes(outcomes);
  const isFlat = trends.every(([, trend]) => (trend as { readonly isFlat: boolean }).isFlat);
  const counts = {
    swaps: result.swaps,
    faults,
    survived,
    lost: lost.length,
    duplicates: duplicates.length,
  };
  process.stdout.write(
    `${JSON.stringify({ ...asked, ...counts, problems: problems.length, ...Object.fromEntries(trends) })}\n`,
  );
  const isWhole = lost.length + duplicates.length + problems.length === 0 && survived === faults;
  return isWhole && isFlat && result.swaps >= asked.swaps ? 0 : 1;
}

function formatTrend(name: string, trend: Trend, isFlat: boolean): string {
  const [slope, low, high, noise] = [trend.slope, trend.low, trend.high, trend.noise].map((value) =>
    name.endsWith('Bytes') ? `${(value / 1024).toFixed(1)} KB` : value.toFixed(3),
  );
  const verdict = isFlat ? 'within noise' : 'GROWS';
  return `${name}: ${slope} a minute, 95 % of [${low}, ${high}], noise ${noise}: ${verdict}`;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

// Child processes that outlive a fault keep nothing from ending.
process.exit(await main(process.argv.slice(2)));
