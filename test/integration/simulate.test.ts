import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkAgreement } from '../../scripts/bench/rollout-figures.ts';
import { openLedger } from '../../scripts/bench/sqlite-ledger.ts';
import type { BoxSummary } from '../../scripts/simulate/box-report.ts';
import { parseScenario } from '../../scripts/simulate/scenario.ts';
import { type SimulationResult, simulate } from '../../scripts/simulate/simulation.ts';
import { openOwnWorld, type World } from '../../scripts/simulate/world.ts';
import { until } from '../support/until.ts';

const DEVICES = 200;
const SCENARIO = parseScenario(
  {
    acceleration: 600,
    rampSec: 1,
    network: { slow01: 0.1 },
    telemetry: { liveSec: 5, summarySec: 1, eventSec: 10 },
    storms: [{ atSec: 3, backWithinSec: 1 }],
    models: { '2.0.0': { failure: 0.02, rejected: 0.05 } },
    rollout: {
      startSec: 1,
      waves: [10, 100],
      policy: {
        ...{ successThreshold: 0.8, errorThreshold: 0.2, minExecuted: 10, soakSeconds: 600, retries: 0 },
        rate: { base: 1000, increment: 1, max: 1000 },
      },
    },
  },
  'test',
);

let world: World;
let result: SimulationResult;
let boxes: readonly BoxSummary[];

before(async () => {
  world = await openOwnWorld({ scenario: SCENARIO, seed: 7, devices: DEVICES, workers: 1 }, () => undefined);
  const options = { limitSec: undefined, say: () => undefined, progress: () => undefined };
  result = await simulate(world, options, AbortSignal.timeout(60_000));
  await until('every box is back', () => world.fleet.counters().up === DEVICES);
  boxes = await world.fleet.summaries();
  await world.fleet.stop();
  await world.own?.server.stop();
});
after(() => world.stop());

test('virtual boxes connect, come back after a storm, and are done with their rollout', () => {
  assert.equal(result.rollout?.state, 'finished');
  const { refusals, ordersRefused, ordersTaken } = result.boxes;
  assert.deepEqual([refusals, ordersRefused, ordersTaken], [0, 0, DEVICES]);
  assert.ok(world.fleet.counters().connects >= 2 * DEVICES, 'the storm broke every connection');
  const { success = 0, rejected = 0, failure = 0 } = result.outcomes;
  assert.equal(success + rejected + failure, DEVICES);
  assert.ok(success > DEVICES * 0.8 && rejected > 0 && failure > 0, JSON.stringify(result.outcomes));
});

test('what a receipt covered is stored once, and server and boxes tell the same story', () => {
  const ledger = openLedger(join(world.own?.dataDir ?? '', 'fleet.sqlite'));
  try {
    const receipted = boxes.flatMap(({ id, receipted: streams }) =>
      streams.map((stream) => ({ deviceId: id, ...stream })),
    );
    assert.ok(receipted.reduce((sum, { count }) => sum + count, 0) > 10 * DEVICES);
    assert.deepEqual(ledger.countMessages(receipted), { lost: 0, twice: 0, rejected: 0 });
    const digest = world.population.bundles['2.0.0']?.digest ?? '';
    const { notOneDeployment, disagree } = checkAgreement(boxes, ledger.deployments(), digest);
    assert.deepEqual({ notOneDeployment, disagree }, { notOneDeployment: 0, disagree: 0 });
  } finally {
    ledger.close();
  }
});
