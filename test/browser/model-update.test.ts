import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type DeploymentHistory, DeploymentHistoryPage } from '@watchpost/shared/api/deployments.ts';
import { createParser } from '@watchpost/shared/kernel/parse.ts';
import type { Page } from 'playwright-core';
import { findChromium, NO_CHROMIUM } from '../support/chromium.ts';
import { ROLLED_BACK, viewChanges } from '../support/deployment-samples.ts';
import type { FakeFleetApi } from '../support/fake-fleet-api.ts';
import { type FleetPage, type FleetPages, openFleetPages } from '../support/fleet-page.ts';
import { deviceView } from '../support/fleet-samples.ts';

const parsePage = createParser(DeploymentHistoryPage, 'deployments');

/** An update of which the box told the first `told` changes of a deployment that disappoints. */
function update(told: number): DeploymentHistory {
  const startMs = Date.now() - 60_000;
  const changes = viewChanges(ROLLED_BACK.slice(0, told), startMs);
  const last = changes.at(-1);
  const page = parsePage({
    deployments: [
      {
        id: 'd1',
        bundleDigest: 'ab'.repeat(32),
        model: 'petpark',
        version: '1.3.0',
        state: last?.state ?? 'pending',
        ...(last?.reason !== undefined && { reason: last.reason }),
        ...(last?.detail !== undefined && { detail: last.detail }),
        createdAtMs: startMs - 1_000,
        updatedAtMs: startMs + told,
        changes,
      },
    ],
  });
  const [deployment] = page.deployments;
  assert.ok(deployment);
  return deployment;
}

function boxWith({ changes: _changes, createdAtMs: _at, ...deployment }: DeploymentHistory) {
  const connection = deployment.state === 'testing' ? 'updating' : 'ready';
  return deviceView('box-1', { connection, deployment });
}

describe('the model update on the page', { skip: findChromium() === undefined ? NO_CHROMIUM : false }, () => {
  let pages: FleetPages;
  let fleet: FleetPage;
  let api: FakeFleetApi;
  let page: Page;

  before(async () => {
    pages = await openFleetPages();
  });
  after(() => pages.close());

  beforeEach(async () => {
    fleet = await pages.open();
    ({ api, page } = fleet);
    await fleet.logIn();
  });
  afterEach(() => fleet.close());

  const panel = () => page.getByRole('region', { name: 'Model update' });
  const step = (name: string) => panel().getByRole('listitem', { name });

  /** Opens the box, of which the server knows that much. */
  async function open(told: number): Promise<void> {
    const deployment = update(told);
    api.fleet.deployments = [deployment];
    api.fleet.devices = [boxWith(deployment)];
    await page.goto(`${api.url}/devices/box-1`);
    await page.getByText('Live', { exact: true }).waitFor();
  }

  /** The box tells more, and the server passes it on. */
  function tell(told: number): void {
    const deployment = update(told);
    api.fleet.deployments = [deployment];
    api.push({ kind: 'device', data: boxWith(deployment) });
  }

  test('each step appears as the box tells it, without a reload', async () => {
    await open(2);
    await step('Download: under way').waitFor();
    await step('Probation: to come').waitFor();
    await page.evaluate('window.mark = "same page"');

    tell(9);
    await step('Probation: under way').waitFor();
    const text = (await panel().textContent()) ?? '';
    for (const part of [
      'int8-u8s8, 2 threads',
      'p95 22.1 ms',
      '131 MB',
      '98 % agreement on 480 frames',
      'p95 23.0 ms, was 26.3 ms',
      '0 frames dropped',
    ])
      assert.ok(text.includes(part), `${part} in ${text}`);
    assert.equal(await page.evaluate('window.mark'), 'same page');
  });

  test('a rollback is red, with its reason, what runs, and the gate that failed', async () => {
    await open(ROLLED_BACK.length);
    await step('Probation: failed').waitFor();
    const text = (await panel().textContent()) ?? '';
    for (const part of [
      'Rolled back',
      'PROBATION_FAILED',
      'latency p95 96.4 ms, limit 60 ms',
      'rolled back in 840 ms',
      'petpark@1.2.0 runs',
      'Latency 96.4 ms, limit 60.0 ms',
    ])
      assert.ok(text.includes(part), `${part} in ${text}`);
    assert.equal(await panel().getAttribute('data-tone'), 'bad');
    await page.goto(api.url);
    await page.getByRole('row').filter({ hasText: 'box-1' }).getByText('→ 1.3.0 rolled back').waitFor();
  });

  test('all the numbers are a click away', async () => {
    await open(ROLLED_BACK.length);
    await panel().getByText('All numbers').click();
    const row = (name: string) => panel().getByRole('row').filter({ hasText: name });
    assert.equal(await row('fp32').textContent(), 'fp32241.2 ms48.9 ms214 MBpassed');
    assert.equal(await row('int8-u8s8').textContent(), 'int8-u8s8218.4 ms22.1 ms131 MBchosen');
    assert.match((await row('int8-s8s8').getAttribute('title')) ?? '', /golden frame cat-3/);
    assert.equal(await row('Event rate').textContent(), 'Event rate1.31 × usual3.00 × usualpassed');
    assert.equal(await row('catnone').textContent(), 'catnone7');
  });

  test('a box without a deployment has no panel, and at the width of a phone nothing scrolls sideways', async () => {
    api.fleet.devices = [deviceView('box-1')];
    await page.goto(`${api.url}/devices/box-1`);
    await page.getByText('Live', { exact: true }).waitFor();
    assert.equal(await panel().count(), 0);
    await page.setViewportSize({ width: 390, height: 844 });
    tell(ROLLED_BACK.length);
    await panel().getByText('All numbers').click();
    await panel().getByText('Probation: gates').waitFor();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
  });
});
