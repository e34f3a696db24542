import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Population, planBox, planMetadata, planSites } from './population.ts';
import { parseScenario } from './scenario.ts';

const COUNT = 2000;

function populate(scenario: object, seed = 1): Population {
  const bundle = (version: string) => ({
    model: 'sim-pets',
    version,
    digest: 'a'.repeat(64),
    variant: 'fp32',
  });
  const bundles = { '1.0.0': bundle('1.0.0'), '1.1.0': bundle('1.1.0') };
  return { scenario: parseScenario(scenario, 'test'), seed, fleet: 'main', bundles };
}

const boxesOf = (population: Population) =>
  Array.from({ length: COUNT }, (_, index) => planBox(population, index));
const shareOf = (count: number): number => count / COUNT;
const isNear = (share: number, wanted: number): boolean => Math.abs(share - wanted) < 0.04;

test('the same seed draws the same fleet, another seed another one', () => {
  const scenario = { network: { slow01: 0.5 }, boxes: { versions: { '1.0.0': 1, '1.1.0': 1 } } };
  const facts = (seed: number) =>
    boxesOf(populate(scenario, seed)).map(({ id: _id, behaviour: _b, endingOf: _e, ...rest }) => rest);
  assert.deepEqual(facts(1), facts(1));
  assert.notDeepEqual(facts(1), facts(2));
});

test('boards, versions, sites and endings come in the shares of the scenario', () => {
  const population = populate({
    boxes: {
      boards: [
        { name: 'rpi5', share: 3 },
        { name: 'n100', share: 1, arch: 'x64' },
      ],
      versions: { '1.0.0': 1, '1.1.0': 1 },
      sites: 4,
      tags: { lab: 0.1 },
    },
    network: { offline01: 0.4 },
    models: { '2.0.0': { failure: 0.2, rejected: 0.1 }, '*': { rolledBack: 0.5 } },
  });
  const boxes = boxesOf(population);
  const share = (isSo: (box: (typeof boxes)[number]) => boolean): number =>
    shareOf(boxes.filter(isSo).length);
  assert.ok(
    isNear(
      share(({ hardware }) => hardware.board === 'rpi5'),
      0.75,
    ),
  );
  assert.ok(
    isNear(
      share(({ initial }) => initial?.version === '1.1.0'),
      0.5,
    ),
  );
  assert.ok(
    isNear(
      share(({ startsOffline }) => startsOffline),
      0.4,
    ),
  );
  assert.ok(
    isNear(
      share((box) => box.endingOf('2.0.0') === 'failure'),
      0.2,
    ),
  );
  assert.ok(
    isNear(
      share((box) => box.endingOf('2.0.0') === 'rejected'),
      0.1,
    ),
  );
  assert.ok(
    isNear(
      share((box) => box.endingOf('3.0.0') === 'rolled_back'),
      0.5,
    ),
  );
  const metadata = boxes.map((_, index) => planMetadata(population, index));
  assert.deepEqual(
    new Set(metadata.map(({ site }) => site)),
    new Set(planSites(population).map(({ id }) => id)),
  );
  assert.ok(isNear(shareOf(metadata.filter(({ tags }) => tags.includes('lab')).length), 0.1));
});

test('a share of the downloads is slow, all of them as much faster as the scenario is', () => {
  const median = (scenario: object): number =>
    boxesOf(populate(scenario))
      .map(({ downloadMs }) => downloadMs)
      .sort((one, other) => one - other)[COUNT / 2] ?? 0;
  assert.ok(Math.abs(median({ network: { downloadSec: 60 } }) - 60_000) < 3000);
  assert.ok(Math.abs(median({ network: { downloadSec: 60 }, acceleration: 60 }) - 1000) < 50);
  assert.ok(median({ network: { downloadSec: 60, slow01: 1, slowTimes: 10 } }) > 500_000);
});

test('what a scenario does not know is named, all of it', () => {
  assert.throws(
    () => parseScenario({ boxes: { colour: 1 }, acceleration: 0 }, 'scenario x'),
    (error: Error) =>
      ['scenario x', '/boxes/colour', '/acceleration'].every((part) => error.message.includes(part)),
  );
});
