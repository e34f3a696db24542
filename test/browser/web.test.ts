import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { ReportedConfig } from '@watchpost/shared/messages/config-document.ts';
import type { BrowserContext, Page } from 'playwright-core';
import { startBreakingProxy } from '../support/breaking-proxy.ts';
import { findChromium, NO_CHROMIUM } from '../support/chromium.ts';
import { type FakeFleetApi, PASSWORD, USER } from '../support/fake-fleet-api.ts';
import { type FleetPage, type FleetPages, openFleetPages } from '../support/fleet-page.ts';
import { cameraView, deviceView, storedEvent, telemetrySample } from '../support/fleet-samples.ts';
import { makeJpeg } from '../support/test-jpeg.ts';

describe('the web page', { skip: findChromium() === undefined ? NO_CHROMIUM : false }, () => {
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
    api.fleet.devices = [deviceView('box-1'), deviceView('box-2', { connection: 'disconnected' })];
  });
  afterEach(() => fleet.close());

  /** A page that is logged in, at `path`. */
  async function open(path: string): Promise<void> {
    await fleet.logIn();
    await page.goto(api.url + path);
    await page.getByText('Live', { exact: true }).waitFor();
  }

  const row = (id: string) => page.getByRole('row').filter({ hasText: id });

  test('a wrong password is told with its remedy, the right one leads to the fleet, signing out leads back', async () => {
    await page.goto(api.url);
    await page.getByLabel('User').fill(USER);
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    assert.match((await alert.textContent()) ?? '', /refused: LOGIN_FAILED.*remedy of LOGIN_FAILED.*req-1/s);

    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.keyboard.press('Enter');
    await row('box-1').waitFor();
    assert.equal(await page.title(), 'Fleet · Watchpost');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
  });

  test('when the session ends, the page asks for the password again', async () => {
    await open('/');
    await context.clearCookies();
    api.cutLive();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
  });

  test('the fleet list shows each box with its state, model, cameras and readings', async () => {
    await open('/');
    const text = (await row('box-1').textContent()) ?? '';
    for (const part of ['Ready', 'petpark@1.2.0', 'Camera gate', 'cat 97 %', '°C', 'Raspberry Pi 5']) {
      assert.ok(text.includes(part), `${part} in ${text}`);
    }
    assert.match((await row('box-2').textContent()) ?? '', /Disconnected/);
    assert.match((await page.getByRole('button', { name: /Disconnected/ }).textContent()) ?? '', /^1/);
    await page.getByText('1 of 2 cameras online').waitFor();
  });

  test('a change on the live stream appears without a reload, and a new box too', async () => {
    await open('/');
    await page.evaluate('window.mark = "same page"');
    api.push({
      kind: 'device',
      data: deviceView('box-2', { connection: 'degraded', deployment: underWay() }),
    });
    await row('box-2').getByText('Degraded').waitFor();
    await row('box-2').getByText('→ 1.3.0 downloading').waitFor();
    api.push({ kind: 'device', data: deviceView('box-3') });
    await row('box-3').waitFor();
    assert.equal(await page.evaluate('window.mark'), 'same page');
  });

  test("a change is shown also while the server's clock tells an earlier time than before", async () => {
    await open('/');
    const data = deviceView('box-1', { connection: 'lost', lastSeenMs: Date.now() - 3_600_000 });
    api.push({ kind: 'device', data });
    await row('box-1').getByText('Lost').waitFor();
  });

  test('a change that came while the fleet was read again outlives what was read', async () => {
    await open('/');
    const [read, told] = [new EventEmitter(), new EventEmitter()];
    await page.route(/\/api\/v1\/devices$/, async (route) => {
      const goesOn = once(told, 'done');
      const response = await route.fetch();
      read.emit('done');
      await goesOn;
      await route.fulfill({ response });
    });
    api.fleet.devices = [...api.fleet.devices, deviceView('box-3')];
    const isRead = once(read, 'done');
    api.cutLive();
    await isRead;
    api.push({ kind: 'device', data: deviceView('box-1', { connection: 'lost' }) });
    await row('box-1').getByText('Lost').waitFor();
    told.emit('done');
    await row('box-3').waitFor();
    assert.equal(await row('box-1').getByText('Lost').count(), 1);
  });

  test('the filter and the counts narrow the list', async () => {
    await open('/');
    await page.keyboard.press('/');
    await page.keyboard.type('BOX-2');
    await row('box-1').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: /Ready/ }).click();
    await page.getByText('No device matches the filter.').waitFor();
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await row('box-1').waitFor();
  });

  test('the filter is understood as fleetctl understands it, and a wrong one is told with its place', async () => {
    const metadata = { site: 'bcn-1', tags: ['lab'], attrs: {} };
    api.fleet.devices = [deviceView('box-1', { metadata }), deviceView('box-2')];
    await open('/');
    await row('box-1').getByText('bcn-1 · lab').waitFor();
    const filter = page.getByLabel('Filter devices');
    await filter.fill('site == "bcn-1" and cores > 2');
    await row('box-2').waitFor({ state: 'detached' });
    await row('box-1').waitFor();
    await filter.fill('site == bcn');
    await page.getByText(/character 9: expected a value/).waitFor();
  });

  test('an empty fleet tells how to enrol the first box, which then appears by itself', async () => {
    api.fleet.devices = [];
    await open('/');
    await page.getByText('fleetctl token create').waitFor();
    await page.getByText(`WATCHPOST_SERVER_URL=${api.url}`).waitFor();
    api.push({ kind: 'device', data: deviceView('box-1') });
    await row('box-1').waitFor();
  });

  test('a device shows what the fleet set on it, and why it went back', async () => {
    const desired = { version: 5, actor: 'olga', atMs: Date.now() };
    const reported: ReportedConfig = {
      tsMs: 1,
      version: 5,
      state: 'reverted',
      reason: 'CONFIG_LOST_CAMERAS',
      detail: 'no camera',
      layer: 'fleet',
      inForce: 4,
      digest: 'a'.repeat(64),
      restartNeeded: [],
    };
    await open('/devices/box-1');
    const notice = page.getByRole('region', { name: 'Settings' });
    api.push({ kind: 'device', data: deviceView('box-1', { config: { desired } }) });
    await notice.getByText('On its way').waitFor();
    api.push({ kind: 'device', data: deviceView('box-1', { config: { desired, reported } }) });
    for (const part of ['Reverted', 'version 5', 'in force: version 4', 'CONFIG_LOST_CAMERAS', 'set by olga'])
      await notice.getByText(part).waitFor();
  });

  test('a device opens from the list by keyboard, and the way back leads to the list', async () => {
    await open('/');
    await page.getByRole('link', { name: 'box-1' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'box-1' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/devices/box-1');
    assert.equal(await page.title(), 'box-1 (ready) · Watchpost');
    await page.goBack();
    await row('box-2').waitFor();
  });

  test('the device page shows the picture under its label, and the curves', async () => {
    await open('/devices/box-1');
    const picture = page.getByRole('img', { name: 'Latest frame of Camera gate' });
    await picture.waitFor();
    assert.match((await page.getByTestId('prediction').textContent()) ?? '', /^cat 97 %for 1 min/);
    const first = await picture.getAttribute('src');

    api.fleet.pictures.set('box-1/gate', await makeJpeg(200, 640, 360));
    await page.locator(`article img:not([src="${first}"])`).waitFor();

    for (const name of ['CPU', 'Memory', 'Temperature', 'Network', 'Outbox']) {
      const curve = page.getByRole('img', { name: new RegExp(`^${name}: `) });
      const path = await curve.locator('path').last().getAttribute('d');
      assert.match(path ?? '', /^M[\d.]+,[\d.]+(L[\d.]+,[\d.]+){100,}/, name);
    }
  });

  test('a picture that breaks off is asked for again, and the one before stays', async (t) => {
    const proxy = await startBreakingProxy(api.url);
    t.after(() => proxy.close());
    await fleet.logIn();
    await page.goto(`${proxy.url}/devices/box-1`);
    const picture = page.getByRole('img', { name: 'Latest frame of Camera gate' });
    await picture.waitFor();
    const broken = page.waitForEvent('requestfailed');
    proxy.break(/\/picture$/);
    assert.match((await broken).url(), /\/picture$/);
    const before = await picture.getAttribute('src');
    api.fleet.pictures.set('box-1/gate', await makeJpeg(200, 640, 360));
    await page.locator(`article img:not([src="${before}"])`).waitFor();
  });

  test('what a box sees coming is told on its page, and what slows it down by name', async () => {
    const text = 'mmcblk0: about 100 % of its life is over; replace it soon.';
    const sinceMs = Date.now() - 3 * 86_400_000;
    const hint = {
      code: 'disk_worn',
      subject: 'mmcblk0',
      severity: 'urgent',
      sinceMs,
      evidence: {},
      text,
    } as const;
    const telemetry = telemetrySample(Date.now(), {
      hints: [hint],
      throttled: true,
      throttleReasons: ['under_voltage'],
      pressure: { cpuSome10: 42 },
    });
    api.fleet.devices = [deviceView('box-1', { telemetry }), deviceView('box-2', { cameras: [] })];
    await open('/');
    await row('box-1').getByText('Disk worn').waitFor();
    await open('/devices/box-1');
    const signs = page.getByRole('region', { name: 'Early signs' });
    assert.match((await signs.textContent()) ?? '', /Urgentmmcblk0: about 100 %.*since 3 d/);
    await page.getByText('slowed down by under voltage').waitFor();
    await page.getByRole('img', { name: /^Pressure: CPU now 42 %.*disk unknown$/ }).waitFor();
    await open('/devices/box-2');
    await page.getByRole('heading', { name: 'Telemetry' }).waitFor();
    assert.equal(await signs.count(), 0);
  });

  test('a camera that cannot be seen says why', async () => {
    const status = {
      tsMs: Date.now(),
      condition: 'offline',
      code: 'CAMERA_AUTH',
      detail: 'answered 401',
      quality01: 0,
    } as const;
    api.fleet.devices = [deviceView('box-1', { cameras: [cameraView('gate', { status })] })];
    await open('/devices/box-1');
    const card = page.getByRole('article', { name: 'Camera Camera gate' });
    assert.match((await card.textContent()) ?? '', /Offline.*CAMERA_AUTH answered 401/);
  });

  test('events append live, the late ones are marked, and older ones are a click away', async () => {
    const startMs = Date.now() - 3_600_000;
    api.fleet.events = Array.from({ length: 60 }, (_, index) =>
      storedEvent(`e${index}`, { tsMs: startMs - index * 1000 }),
    );
    await open('/devices/box-1');
    const events = page.getByRole('region', { name: 'Recent events' }).getByRole('row');
    await page.getByRole('button', { name: 'Show older' }).waitFor();
    assert.equal(await events.count(), 1 + 50);

    api.push({ kind: 'event', data: storedEvent('live', { label: 'dog', historical: true }) });
    await events.filter({ hasText: 'dog' }).waitFor();
    assert.match((await events.nth(1).textContent()) ?? '', /dog94 % newhistorical/);

    api.push({ kind: 'event', data: storedEvent('early', { label: 'owl', clockState: 'behind' }) });
    await events.filter({ hasText: 'owl' }).getByText('clock behind').waitFor();
    api.push({ kind: 'event', data: storedEvent('other', { deviceId: 'box-2', label: 'fox' }) });
    await page.getByRole('button', { name: 'Show older' }).click();
    await page.getByRole('button', { name: 'Show older' }).waitFor({ state: 'detached' });
    assert.equal(await events.count(), 1 + 62);
    assert.equal(await events.filter({ hasText: 'fox' }).count(), 0);
  });

  test('while the stream is cut the page says so; it reconnects by itself and catches up', async () => {
    await open('/');
    api.fleet.liveOpen = false;
    api.cutLive();
    await page.getByText('Live connection lost.').waitFor();
    api.fleet.devices = [deviceView('box-1', { connection: 'lost' })];
    api.fleet.liveOpen = true;
    await page.getByText('Live connection lost.').waitFor({ state: 'detached' });
    await row('box-1').getByText('Lost').waitFor();
    assert.equal(await row('box-2').count(), 0);
  });

  test('a device or page that is not there leads back to the fleet', async () => {
    await open('/devices/box-9');
    await page.getByText('There is no device called box-9.').waitFor();
    await page.getByRole('link', { name: 'Go to the fleet' }).click();
    await row('box-1').waitFor();
    await page.goto(`${api.url}/nowhere`);
    await page.getByText('There is no page at this address.').waitFor();
  });

  test('at the width of a phone nothing scrolls sideways', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    api.fleet.events = [storedEvent('e1', { historical: true })];
    for (const path of ['/', '/devices/box-1']) {
      await open(path);
      await page.getByText('Camera gate').first().waitFor();
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, path);
    }
  });
});

function underWay() {
  return {
    id: 'd1',
    bundleDigest: 'ab'.repeat(32),
    model: 'petpark',
    version: '1.3.0',
    state: 'downloading',
    updatedAtMs: Date.now(),
  } as const;
}
