import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { builtWeb } from '../../scripts/web-build.ts';
import { startBreakingProxy } from '../support/breaking-proxy.ts';
import { findChromium, launchChromium, NO_CHROMIUM } from '../support/chromium.ts';
import { bundleRecord } from '../support/fleet-data.ts';
import { createHttpWorld, type HttpWorld, PASSWORD } from '../support/http-world.ts';
import { openRolloutWorld, type RolloutWorld } from '../support/rollout-world.ts';

const chromiumPath = findChromium();
const OLD = bundleRecord('1.0.0');
const GOOD = bundleRecord('2.0.0');
const BAD = bundleRecord('3.0.0');
const FAILS: readonly (readonly [DeploymentState, string?])[] = [['testing'], ['failure', 'SELFTEST_FAILED']];
const SUCCEEDS: readonly (readonly [DeploymentState, string?])[] = [['testing'], ['success']];
const ANSWERS = {
  forced: SUCCEEDS,
  soft: [['downloading'], ['verifying'], ['waiting_for_quiet']],
  download_only: [['downloading'], ['verifying'], ['kept']],
} as const;
const WHY_OPEN = '2 of 5 devices told enough to compare';

describe('rollouts on the page', { skip: chromiumPath === undefined ? NO_CHROMIUM : false }, () => {
  let browser: Browser;
  let world: RolloutWorld;
  let http: HttpWorld;
  let folder: string;
  let url: string;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];

  before(async () => {
    const webDir = await builtWeb();
    folder = await mkdtemp(join(tmpdir(), 'watchpost-browser-rollouts-'));
    world = await openRolloutWorld({
      path: join(folder, 'rollouts.db'),
      bundles: [OLD, GOOD, BAD],
      gates: {
        judge: async ({ gates }) => gates.map(({ gate }) => ({ gate, verdict: 'open', why: WHY_OPEN })),
      },
      boxes: Array.from({ length: 10 }, (_, index) => ({
        id: `box-${index}`,
        site: 'bcn-1',
        runs: OLD,
        answer: ({ sha256, type = 'forced' }: Order) =>
          sha256 === BAD.digest && type === 'forced' ? FAILS : ANSWERS[type],
      })),
    });
    http = await createHttpWorld({ rollouts: world.desk, webDir });
    await http.addUser('olga', ['operator']);
    await http.addUser('vera', ['viewer']);
    for (const bundle of [OLD, GOOD, BAD]) await http.store.bundles.add(bundle);
    url = await http.app.listen({ host: '127.0.0.1', port: 0 });
    browser = await launchChromium(chromiumPath ?? '');
  });
  after(async () => {
    await browser?.close();
    await http?.close();
    await world?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    await context.close();
    assert.deepEqual(problems, [], 'the console stays clean');
  });

  /** A page at `path`, for this user. */
  async function open(path: string, user = 'admin', width = 1280): Promise<void> {
    context = await browser.newContext({ viewport: { width, height: 844 } });
    await context.request.post(`${url}/api/v1/session`, { data: { user, password: PASSWORD } });
    page = await context.newPage();
    problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(url + path);
    await page.getByText('Live', { exact: true }).waitFor();
  }

  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const group = (name: string) => page.getByRole('listitem', { name });
  const state = (text: string) =>
    page.getByRole('status', { name: 'State of the rollout' }).getByText(text).waitFor();

  test('a rollout is made in the form, shown before, and followed to its end', async () => {
    await open('/');
    await page.getByRole('link', { name: 'Rollouts' }).click();
    await page.getByText('No rollout yet.').waitFor();
    await page.getByRole('link', { name: 'New rollout' }).click();
    await button('Preview').click();
    await page.getByRole('alert').getByText('Choose a model version.').waitFor();

    const filter = page.getByLabel('Devices', { exact: true });
    await filter.fill('site == bcn');
    await page.getByText(/character 9: /).waitFor();
    await filter.fill('id == "box-1"');
    await page.getByText('1 device: box-1').waitFor();
    await filter.fill('');

    await page.getByRole('combobox', { name: 'Model version' }).click();
    await page.getByRole('option', { name: 'petpark@2.0.0' }).click();
    await page.getByLabel('Name').fill('spring');
    await page.getByLabel('Canary').fill('10, 5');
    await page.getByText('"5" is no percent above the one before').first().waitFor();
    await page.getByLabel('Canary').fill('20, 100');
    await page.getByLabel('Soak').fill('0');
    await page.getByText('bake time of a group after its threshold').waitFor();
    await page.getByRole('checkbox', { name: 'installed' }).uncheck();
    await button('Preview').click();
    await page.getByText('10 devices, 10 connected; nothing was changed').waitFor();
    await page.getByRole('row', { name: /^1: 20 % 2 2 bcn-1 2/ }).waitFor();

    await button('Create and start').click();
    await page.getByRole('heading', { name: 'spring' }).waitFor();
    await state('Finished');
    assert.equal(await page.title(), 'spring (finished) · Watchpost');
    await group('Group 2, 100 %: Finished').getByText('8 succeeded').waitFor();
    await page.getByRole('img', { name: 'All groups: 10 succeeded' }).waitFor();
    await page.getByRole('row', { name: /rollout finished planner/ }).waitFor();
    await page.getByRole('link', { name: 'Rollouts' }).click();
    await page.getByRole('link', { name: 'spring' }).waitFor();
  });

  test('the form says how long a soft rollout waits, and asks no gate of one that is only kept', async () => {
    await open('/rollouts/new');
    await page.getByRole('combobox', { name: 'Model version' }).click();
    await page.getByRole('option', { name: 'petpark@3.0.0' }).click();
    await page.getByLabel('Name').fill('ahead');
    await page.getByLabel('Canary').fill('100');
    await page.getByLabel('Soak').fill('0');
    const choose = async (type: string): Promise<void> => {
      await page.getByRole('combobox', { name: 'Type' }).click();
      await page.getByRole('option', { name: type, exact: true }).click();
    };
    await choose('soft');
    assert.equal(await page.getByLabel('Waits for quiet').inputValue(), '24 h');
    await page.getByRole('checkbox', { name: 'installed' }).waitFor();
    await choose('download only');
    await page.getByRole('checkbox', { name: 'installed' }).waitFor({ state: 'detached' });
    assert.equal(await page.getByLabel('Waits for quiet').count(), 0);
    await button('Preview').click();
    await page.getByText('10 devices, 10 connected; nothing was changed').waitFor();
    await button('Create and start').click();
    await page.getByRole('heading', { name: 'ahead' }).waitFor();
    await state('Finished');
    await page.getByText('No gate is asked: the bundle is kept on the disk').waitFor();
    const devices = page.getByRole('region', { name: 'Devices' });
    await devices
      .getByRole('row', { name: /^box-\d 1 Kept on disk/ })
      .first()
      .waitFor();
  });

  test('devices that wait for quiet are shown, and may be called back while the rollout stops', async () => {
    const { id } = await world.create({
      name: 'softly',
      version: 'petpark@3.0.0',
      groups: { canary: [100] },
      policy: { type: 'soft', softHours: 6 },
    });
    await open(`/rollouts/${id}`);
    const devices = page.getByRole('region', { name: 'Devices' });
    await devices
      .getByRole('row', { name: /^box-\d 1 Waiting for quiet/ })
      .first()
      .waitFor();
    const waits = page.getByRole('region', { name: 'What it waits for' });
    await waits.getByText(/10 devices to install as soon as no camera sees anything/).waitFor();
    await world.desk.act(id, 'stop', {}, { kind: 'user', id: 'ana' });
    await state('Stopping');
    await button('Roll back').waitFor();
    await world.desk.act(id, 'rollback', {}, { kind: 'user', id: 'ana' });
    await state('Rolled back');
  });

  test('a rollout that failed says why, and goes back once that is confirmed', async () => {
    const { id } = await world.create({
      name: 'bad',
      version: 'petpark@3.0.0',
      groups: { canary: [50] },
      policy: { retries: 0, onError: 'pause' },
    });
    await open(`/rollouts/${id}`);
    await state('Paused');
    await group('Group 1, 50 %: Error').getByText('failed').first().waitFor();
    await page.getByRole('region', { name: 'What it waits for' }).getByText('SELFTEST_FAILED').waitFor();

    const devices = page.getByRole('region', { name: 'Devices' });
    await devices.getByLabel('In which state').selectOption('Failed');
    await devices
      .getByRole('row', { name: /^box-\d 1 Failed SELFTEST_FAILED/ })
      .first()
      .waitFor();

    await button('Roll back').click();
    const dialog = page.getByRole('dialog', { name: 'Roll back: bad?' });
    await dialog.getByText('Every device is taken back').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    await state('Paused');

    await button('Roll back').click();
    await dialog.getByLabel('Why').fill('not this one');
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await state('Rolled back');
    await page.getByRole('row', { name: /rollout rolling back admin .*not this one/ }).waitFor();
    assert.equal(await button('Resume').count(), 0);
  });

  test('a group that soaks shows what its gates say', async () => {
    const { id } = await world.create({
      name: 'soaking',
      version: 'petpark@2.0.0',
      policy: { soakSeconds: 0, gates: [{ gate: 'latency_ratio', limit: 1.5 }] },
    });
    await open(`/rollouts/${id}`);
    const gates = page.getByRole('region', { name: 'Gates' });
    await gates.getByText(WHY_OPEN).waitFor();
    await gates.getByText('at most 1.5 times').waitFor();
    await page.getByText('Policy', { exact: true }).click();
    await page.getByText('what an error of a group does to the rollout').waitFor();
    await button('Stop').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    await state('Stopped');
  });

  test('somebody else approves a rollout, and the page says who; who only looks has no buttons', async () => {
    const { id } = await world.create({
      name: 'asked',
      version: 'petpark@2.0.0',
      requiresApproval: true,
      start: false,
    });
    await open(`/rollouts/${id}`, 'vera');
    await page.getByText('needs the role operator').waitFor();
    assert.equal(await button('Approve').count(), 0);
    await context.close();

    await open(`/rollouts/${id}`, 'olga');
    await page.getByText('by nobody yet').waitFor();
    await button('Approve').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await page.getByText('by olga,').waitFor();
    await state('Ready');
  });

  test('nobody approves what they made themselves', async () => {
    const { id } = await world.desk.create(
      {
        name: 'own',
        version: 'petpark@2.0.0',
        priority: 100,
        requiresApproval: true,
        start: false,
      },
      { kind: 'user', id: 'admin' },
    );
    await open(`/rollouts/${id}`);
    await page.getByText('Somebody else than who made it has to approve it.').waitFor();
    assert.equal(await button('Approve').isDisabled(), true);
    assert.equal(await button('Deny').isDisabled(), false);
  });

  test('an answer that breaks off is told, and the page asks again', async (t) => {
    const proxy = await startBreakingProxy(url);
    t.after(() => proxy.close());
    await open('/rollouts');
    await page.goto(`${proxy.url}/rollouts`);
    await page.getByRole('link', { name: 'own', exact: true }).waitFor();
    proxy.break(/^rollouts\?/);
    await page.getByRole('alert').getByText('The fleet server does not answer').waitFor();
    const who = { kind: 'user', id: 'ana' } as const;
    const asked = { priority: 100, requiresApproval: true, start: false };
    await world.desk.create({ name: 'later', version: 'petpark@2.0.0', ...asked }, who);
    await page.getByRole('link', { name: 'later', exact: true }).waitFor();
  });

  test('at the width of a phone nothing scrolls sideways; an address of no rollout leads back', async () => {
    const { rollouts } = await world.desk.list({ limit: 1 });
    for (const path of ['/rollouts', `/rollouts/${rollouts[0]?.id}`, '/rollouts/new']) {
      await open(path, 'admin', 390);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByRole('link', { name: 'Rollouts' }).waitFor();
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, path);
      if (path !== '/rollouts/new') await context.close();
    }
    await page.goto(`${url}/rollouts/nothing`);
    await page.getByText('There is no rollout nothing.').waitFor();
  });
});
