import { parseArgs } from 'node:util';
import { FAMILIES } from './families.ts';
import { countOutcomes, formatOutcome, isSafe, type Outcome, runAttack } from './run-attacks.ts';

const HELP = `Mounts every attack we know on real parts of the agent and the server, each with its honest twin.

  npm run attacks                     a line each, then JSON; exit 0 when all are rejected
                                      and every honest twin is accepted
  npm run attacks -- --only PATTERN   those whose "family: name" matches the regular expression
  npm run attacks -- --list           their names
  npm run attacks -- --json           one line of JSON each
`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const pattern = new RegExp(values.only, 'i');
  const chosen = FAMILIES.flatMap(({ attacks }) => attacks).filter(({ family, name }) =>
    pattern.test(`${family}: ${name}`),
  );
  if (values.help) say(HELP.trimEnd());
  else if (values.list) for (const { family, name } of chosen) say(`${family}: ${name}`);
  else return run(chosen, values.json ? JSON.stringify : formatOutcome);
  return 0;
}

async function run(
  chosen: (typeof FAMILIES)[number]['attacks'],
  format: (outcome: Outcome) => string,
): Promise<number> {
  const outcomes: Outcome[] = [];
  try {
    for (const attack of chosen) {
      const outcome = await runAttack(attack);
      outcomes.push(outcome);
      say(format(outcome));
    }
  } finally {
    for (const family of FAMILIES) await family.close();
  }
  const totals = countOutcomes(outcomes);
  say(JSON.stringify(totals));
  return isSafe(totals) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
