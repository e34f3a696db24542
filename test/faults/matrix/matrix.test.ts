import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFaultWorld } from '../../support/fault-world.ts';
import { createRandom } from '../../support/random.ts';
import { listFaults, sampleFaults } from './families.ts';
import { formatOutcome, runFaults } from './run-faults.ts';
import { takeSurvey } from './survey.ts';

const SEED = Number(process.env.WATCHPOST_SEED ?? Date.now() % 1_000_000);
const SAMPLE = 7;
/** They take longer than the others together; `npm run faults` has them. */
const SLOW =
  /stands still|stopped|SIGSTOP|again and again|down for a day|frozen|black|silent|rubbish|random moment|model/;

test('a fleet survives a sample of the matrix of faults', async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const random = createRandom(SEED);
  const first = await openFaultWorld({ random });
  const faults = listFaults(await takeSurvey(first));
  assert.ok(new Set(faults.map(({ family, name }) => `${family}: ${name}`)).size === faults.length);
  assert.ok(faults.length >= 60, `${faults.length} faults`);
  const quick = faults.filter(
    ({ name, family, world }) => !SLOW.test(`${family} ${name}`) && world === 'plain',
  );
  const outcomes = await runFaults(sampleFaults(quick, SAMPLE, random), {
    jobs: 1,
    open: () => openFaultWorld({ random }),
    first,
    onOutcome: (outcome) => t.diagnostic(formatOutcome(outcome)),
  });
  assert.deepEqual(outcomes.filter(({ survived }) => !survived).map(formatOutcome), []);
});
