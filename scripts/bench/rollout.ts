import { parseArgs } from 'node:util';
import { benchCanary } from './canary-bench.ts';
import { benchRollout } from './rollout-bench.ts';

const HELP = `npm run bench -- rollout: ten thousand virtual boxes, and one server of its own with the embedded
broker and SQLite on the loopback address.

A rollout of 4 waves runs to its end; in the middle of the last wave the server is killed (-9) and
started again. Afterwards every connection breaks at once. Then the books of the server are compared
with those of the boxes: every numbered message a receipt covered must be stored, once, and every
device must have exactly one deployment, in the state the box says.

  --devices N        how many (default 10000)
  --runs N           seeded canaries for the two shares of canaries that turned back (default 200)
  --seed N           (default 1)
  --workers N        processes that play the boxes (default: one for each 5000)
  --cpu-prof FOLDER  leave a CPU profile of the server there
  --json             the JSON line alone
  --help             this text

The last line is JSON. Exit code 0 when nothing was lost, nobody was left out, 95 % of the worse
canaries and at most 5 % of the equal ones turned back.
`;

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string' },
    'cpu-prof': { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function count(flag: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 1_000_000) return number;
  process.stderr.write(`bench: ${flag} takes a whole number above 0, not "${text}"\n`);
  process.exit(2);
}

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);

async function main(): Promise<number> {
  const devices = count('--devices', values.devices);
  const seed = count('--seed', values.seed);
  const workers = count('--workers', values.workers ?? String(Math.ceil(devices / 5000)));
  const profile = values['cpu-prof'];
  const nodeFlags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stopping.abort(new Error(`ended by ${signal}`)));
  const figures = await benchRollout({ devices, seed, workers, nodeFlags, say }, stopping.signal);
  const runs = count('--runs', values.runs);
  say(`${runs} seeded canaries of a worse model (3 % -> 15 % errors), and ${runs} of an equal one …`);
  const badCanaryRolledBack = benchCanary('bad', { runs, seed }).withinSoak01;
  const equalCanaryRolledBack = benchCanary('equal', { runs, seed }).rolledBack01;
  const result = { ...figures, badCanaryRolledBack, equalCanaryRolledBack };
  if (!values.json)
    for (const [name, value] of Object.entries(result))
      process.stdout.write(`  ${name.padEnd(24)}${value}\n`);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return isSound(result) ? 0 : 1;
}

interface Result {
  readonly devices: number;
  readonly rolloutState: string;
  readonly statusLost: number;
  readonly statusTwice: number;
  readonly statusRejected: number;
  readonly notOneDeployment: number;
  readonly disagree: number;
  readonly runNew: number;
  readonly badCanaryRolledBack: number;
  readonly equalCanaryRolledBack: number;
}

function isSound({ devices, rolloutState, runNew, ...result }: Result): boolean {
  const { statusLost, statusTwice, statusRejected, notOneDeployment, disagree } = result;
  const isWhole = statusLost + statusTwice + statusRejected + notOneDeployment + disagree === 0;
  const areCanariesRight = result.badCanaryRolledBack >= 0.95 && result.equalCanaryRolledBack <= 0.05;
  return rolloutState === 'finished' && runNew === devices && isWhole && areCanariesRight;
}

try {
  if (values.help) process.stdout.write(HELP);
  else process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  // What still waits for boxes that are gone would keep the process.
  process.exit(1);
}
