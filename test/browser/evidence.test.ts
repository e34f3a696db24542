import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { CommandView } from '@watchpost/shared/api/commands.ts';
import { EvidenceView } from '@watchpost/shared/api/evidence.ts';
import { createParser } from '@watchpost/shared/kernel/parse.ts';
import type { BrowserContext, Page } from 'playwright-core';
import { findChromium, NO_CHROMIUM } from '../support/chromium.ts';
import type { FakeFleetApi } from '../support/fake-fleet-api.ts';
import { type FleetPage, type FleetPages, openFleetPages } from '../support/fleet-page.ts';
import { deviceView, storedEvent } from '../support/fleet-samples.ts';
import { makeJpeg } from '../support/test-jpeg.ts';

const parseView = createParser(EvidenceView, 'evidence');
const parseCommand = createParser(CommandView, 'command');

const PICTURES = [-2_900, -1_400, 30, 1_020].map((offsetMs, index) => ({
  ...{ number: index + 1, offsetMs, sizeBytes: 900 },
}));
const NOTHING = { pictures: [], canAsk: true };

/** How a command ended. */
const ended = (change: object) =>
  parseCommand({
    id: 'command-1',
    deviceId: 'box-1',
    name: 'evidence',
    args: { event: 'cat-1' },
    state: 'done',
    actor: 'admin',
    createdAtMs: 1,
    expiresAtMs: 2,
    ...change,
  });

describe('the pictures of sightings on the page', {
  skip: findChromium() === undefined ? NO_CHROMIUM : false,
}, () => {
  let pages: FleetPages;
  let fleet: FleetPage;
  let api: FakeFleetApi;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    pages = await openFleetPages();
  });
  after(() => pages.close());

  beforeEach(async () => {
    fleet = await pages.open();
    ({ api, context, page } = fleet);
    await fleet.logIn();
    api.fleet.devices = [deviceView('box-1')];
    for (const { number } of PICTURES)
      api.fleet.evidencePictures.set(`cat-1/${number}`, await makeJpeg(number * 40, 320, 180));
  });
  afterEach(() => fleet.close());

  const events = () => page.getByRole('region', { name: 'Recent events' });
  const strip = () => events().getByRole('list', { name: 'Pictures of cat at Camera gate' });
  const askButton = () => events().getByRole('button', { name: /^Ask the box for the pictures of cat/ });
  async function open(): Promise<void> {
    await page.goto(`${api.url}/devices/box-1`);
    await page.getByText('Live', { exact: true }).waitFor();
    await events().getByRole('row').nth(1).waitFor();
  }
  /** All that the strip shows were loaded and decoded. */
  const hasLoaded = () =>
    page.waitForFunction(
      'const shown = [...document.querySelectorAll("ul img")]; shown.length > 0 && shown.every((img) => img.complete && img.naturalWidth === 320)',
    );

  test('a sighting with pictures shows them in their order, each with words for who cannot see it', async () => {
    const evidence = { pictures: PICTURES, canAsk: true };
    api.fleet.events = [storedEvent('cat-1', { type: 'end', evidence }), storedEvent('cat-1', { evidence })];
    await open();
    await strip().waitFor();
    assert.equal(await strip().count(), 1, 'once, where the sighting begins');
    const pictures = strip().getByRole('img');
    assert.deepEqual(await pictures.evaluateAll((all) => all.map((img) => img.getAttribute('alt'))), [
      'cat at Camera gate, 2.9 s before the decision',
      'cat at Camera gate, 1.4 s before the decision',
      'cat at Camera gate, as it was decided',
      'cat at Camera gate, 1.0 s after the decision',
    ]);
    await strip().scrollIntoViewIfNeeded();
    await hasLoaded();
    assert.equal(await strip().textContent(), '−2.9 s−1.4 sdecided+1.0 s');
    assert.equal(await askButton().count(), 0);
    const [whole] = await Promise.all([context.waitForEvent('page'), pictures.nth(2).click()]);
    assert.equal(new URL(whole.url()).pathname, '/api/v1/devices/box-1/events/cat-1/evidence/3');
  });

  test('pictures that come later appear by themselves', async () => {
    api.fleet.events = [storedEvent('cat-1', { evidence: NOTHING })];
    await open();
    await askButton().waitFor();
    const view = { deviceId: 'box-1', event: 'cat-1', pictures: PICTURES.slice(0, 1), canAsk: true };
    api.push({ kind: 'evidence', data: parseView(view) });
    await strip().waitFor();
    assert.equal(await strip().getByRole('img').count(), 1);
    api.push({ kind: 'evidence', data: parseView({ ...view, pictures: PICTURES }) });
    await strip().getByRole('img').nth(3).waitFor();
    assert.equal(await askButton().count(), 0);
  });

  test('the box is asked by a button, by keyboard too, and what it sends is shown', async () => {
    api.fleet.events = [storedEvent('cat-1', { evidence: NOTHING })];
    const asked: unknown[] = [];
    api.fleet.onCommand = (order) => {
      asked.push(order);
      api.fleet.evidence.set(
        'cat-1',
        parseView({ deviceId: 'box-1', event: 'cat-1', pictures: PICTURES, canAsk: true }),
      );
      return ended({});
    };
    await open();
    await askButton().focus();
    await page.keyboard.press('Enter');
    await strip().waitFor();
    assert.deepEqual(asked, [{ name: 'evidence', args: { event: 'cat-1' } }]);
  });

  test('what the box says instead is shown in its words, and it is not asked again', async () => {
    api.fleet.events = [storedEvent('cat-1', { evidence: NOTHING })];
    api.fleet.onCommand = () => {
      const view = { deviceId: 'box-1', event: 'cat-1', pictures: [], canAsk: false };
      api.fleet.evidence.set('cat-1', parseView(view));
      return ended({ state: 'failed', code: 'EVIDENCE_GONE', detail: 'this box keeps them for 7 days' });
    };
    await open();
    await askButton().click();
    await events().getByRole('alert').getByText('this box keeps them for 7 days (EVIDENCE_GONE)').waitFor();
    assert.equal(await askButton().count(), 0);
  });

  test('who may not ask is offered no button', async () => {
    api.fleet.roles = ['viewer'];
    api.fleet.events = [storedEvent('cat-1', { evidence: NOTHING })];
    await open();
    assert.equal(await askButton().count(), 0);
  });

  test('why something was decided is a click away: votes, window, thresholds and bundle', async () => {
    api.fleet.events = [storedEvent('cat-1', { votes: { label: 4, window: 5 }, region: 'door' })];
    await open();
    const why = events().getByRole('button', { name: 'Why cat at Camera gate' });
    assert.equal(await why.getAttribute('aria-expanded'), 'false');
    await why.click();
    assert.equal(await why.getAttribute('aria-expanded'), 'true');
    const text = (await events().textContent()) ?? '';
    for (const part of [
      '4 of the last 5 frames',
      'in from 70 %, out below 40 %',
      '3f3f3f3f3f3f',
      'door',
      'cat-1',
    ])
      assert.ok(text.includes(part), `${part} in ${text}`);
  });

  test('at the width of a phone the pictures scroll by themselves, and the page does not', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const evidence = { pictures: PICTURES, canAsk: true };
    api.fleet.events = [
      storedEvent('cat-1', { evidence, historical: true }),
      storedEvent('dog-1', { label: 'dog', evidence: NOTHING }),
    ];
    await open();
    await events().getByRole('button', { name: 'Why cat at Camera gate' }).click();
    await strip().scrollIntoViewIfNeeded();
    await hasLoaded();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
    const [shown = 0, whole = 0] = await strip().evaluate((list) => [list.clientWidth, list.scrollWidth]);
    assert.ok(shown <= 390 && whole > shown, `${shown} of ${whole}`);
  });
});
