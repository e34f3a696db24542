import { parseArgs } from 'node:util';
import {
  benchCanary,
  CANARY_SCENARIOS,
  type CanaryFigures,
  type CanaryScenario,
  describeFleet,
} from './canary-bench.ts';

/** `node scripts/bench/canary.ts --runs 200 --seed 1 --json`: does a worse model turn back, and an equal one go on? */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const [runs, seed] = [values.runs, values.seed].map(Number);
if (
  runs === undefined ||
  seed === undefined ||
  !Number.isInteger(runs) ||
  runs < 1 ||
  !Number.isInteger(seed)
) {
  console.error('--runs and --seed are whole numbers, --runs at least 1');
  process.exit(2);
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const asPercent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
const startedAtMs = performance.now();
say(describeFleet());
const figures = new Map<CanaryScenario, CanaryFigures>();
for (const scenario of Object.keys(CANARY_SCENARIOS) as CanaryScenario[]) {
  const { newErrors01 } = CANARY_SCENARIOS[scenario];
  say(`${scenario}: 3 % -> ${newErrors01 * 100} % errors`);
  const found = benchCanary(scenario, {
    runs,
    seed,
    onRun: (done) => done % 50 === 0 && say(`  ${done} runs`),
  });
  figures.set(scenario, found);
  say(`  rolled back ${asPercent(found.rolledBack01)}, ${asPercent(found.withinSoak01)} within the soak`);
  if (found.minutes !== undefined)
    say(`  minutes of soak: p50 ${found.minutes.p50}, p95 ${found.minutes.p95}`);
  if (found.why !== undefined) say(`  ${found.why}`);
}
const [bad, equal, slightlyBad] = [figures.get('bad'), figures.get('equal'), figures.get('slightlyBad')];
const result = {
  runs,
  seed,
  seconds: Math.round((performance.now() - startedAtMs) / 100) / 10,
  badCanaryRolledBack: bad?.withinSoak01,
  equalCanaryRolledBack: equal?.rolledBack01,
  detectMinutesP50: bad?.minutes?.p50,
  detectMinutesP95: bad?.minutes?.p95,
  slightlyBadRolledBack: slightlyBad?.rolledBack01,
  slightlyBadWithinSoak: slightlyBad?.withinSoak01,
};
console.log(values.json ? JSON.stringify(result) : JSON.stringify(result, undefined, 2));
const isHeld = (result.badCanaryRolledBack ?? 0) >= 0.95 && (result.equalCanaryRolledBack ?? 1) <= 0.05;
process.exitCode = isHeld ? 0 : 1;
