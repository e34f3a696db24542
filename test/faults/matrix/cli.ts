import { parseArgs } from 'node:util';
import { type FaultWorld, openFaultWorld } from '../../support/fault-world.ts';
import { createRandom } from '../../support/random.ts';
import { listFaults, sampleFaults } from './families.ts';
import { titleOf, type WorldKind } from './fault.ts';
import { countOutcomes, formatOutcome, isSound, runFaults } from './run-faults.ts';
import { takeSurvey } from './survey.ts';

const HELP = `Breaks a real fleet in every way we know, and looks whether it comes back: frames flow again
within 15 s, nothing durable is lost or doubled, the champion is sound, the server sees what
the box runs. Progress goes to standard error; the last line is JSON; exit 0 when all survived.

  npm run faults                       all of them
  npm run faults -- --filter PATTERN   those whose "family: name" matches the regular expression
  npm run faults -- --sample K         K of them, spread over the families
  npm run faults -- --seed N           chooses samples and random moments; printed when not given
  npm run faults -- --jobs N           worlds side by side, each with a server and a box (2)
  npm run faults -- --list             their names: made by watching one update of a box
  npm run faults -- --json             one line of JSON each on standard output
`;

const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      filter: { type: 'string', default: '' },
      sample: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      jobs: { type: 'string', default: '2' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const seed = Number(values.seed);
  const random = createRandom(seed);
  const worlds = new Set<FaultWorld>();
  const open = async (kind: WorldKind): Promise<FaultWorld> => {
    const world = await openFaultWorld({ random, tls: kind === 'tls' });
    worlds.add(world);
    return world;
  };
  // Disks that were mounted are unmounted.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      void Promise.allSettled([...worlds].map((world) => world.close())).then(() => process.exit(1));
    });
  tell(`seed ${seed}; watching one update of a box …`);
  const first = await open('plain');
  const all = listFaults(await takeSurvey(first));
  const pattern = new RegExp(values.filter, 'i');
  const matching = all.filter((fault) => pattern.test(titleOf(fault)));
  const chosen =
    values.sample === undefined ? matching : sampleFaults(matching, Number(values.sample), random);
  if (values.list) {
    for (const fault of chosen) say(titleOf(fault));
    await first.close();
    return 0;
  }
  tell(`${chosen.length} of ${all.length} faults`);
  const outcomes = await runFaults(chosen, {
    jobs: Number(values.jobs),
    open,
    first,
    onOutcome: (outcome, done) => {
      tell(`${done} of ${chosen.length}  ${formatOutcome(outcome)}`);
      if (values.json) say(JSON.stringify(outcome));
    },
  });
  const totals = countOutcomes(outcomes);
  say(JSON.stringify(totals));
  return isSound(totals) ? 0 : 1;
}

// Child processes that outlive a fault keep nothing from ending.
process.exit(await main(process.argv.slice(2)));
