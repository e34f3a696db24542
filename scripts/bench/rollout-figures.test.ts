import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BoxSummary } from '../simulate/box-report.ts';
import { checkAgreement, computeLatencies } from './rollout-figures.ts';

const NEW = 'b'.repeat(64);

const box = (id: string, change: Partial<BoxSummary> = {}): BoxSummary => ({
  id,
  isUp: true,
  digest: NEW,
  told: { deploymentId: `d-${id}`, state: 'success' },
  receipted: [],
  taken: [{ deploymentId: `d-${id}`, digest: NEW, receivedAtMs: 1100 }],
  ...change,
});
const stored = (deviceId: string, state = 'success', id = `d-${deviceId}`) => ({
  ...{ id, deviceId, state },
  digest: NEW,
  createdAtMs: 1000,
});

test('books that agree show nothing', () => {
  assert.deepEqual(checkAgreement([box('a'), box('b')], [stored('a'), stored('b')], NEW), {
    notOneDeployment: 0,
    disagree: 0,
    runNew: 2,
  });
});

test('a device without a deployment, with two, or in another state is found', () => {
  const boxes = [box('none'), box('two'), box('other'), box('old', { digest: 'a'.repeat(64) })];
  const deployments = [
    stored('two', 'success', 'd-0'),
    stored('two'),
    stored('other', 'testing'),
    stored('old'),
  ];
  assert.deepEqual(checkAgreement(boxes, deployments, NEW), { notOneDeployment: 2, disagree: 2, runNew: 3 });
});

test('orders that the kill held up count apart', () => {
  const boxes = Array.from({ length: 100 }, (_, at) =>
    box(`b${at}`, {
      taken: [{ deploymentId: `d-b${at}`, digest: NEW, receivedAtMs: at < 98 ? 1050 : 9000 }],
    }),
  );
  const deployments = boxes.map(({ id }) => stored(id));
  assert.deepEqual(computeLatencies(boxes, deployments, { fromMs: 2000, untilMs: 8000 }), {
    orderP50Ms: 50,
    orderP99Ms: 50,
    orderP99WithKillMs: 8000,
    peakOrdersPerSec: 10,
  });
});
