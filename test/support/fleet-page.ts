import assert from 'node:assert/strict';
import type { BrowserContext, ConsoleMessage, Page } from 'playwright-core';
import { builtWeb } from '../../scripts/web-build.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { type FakeFleetApi, startFakeFleetApi } from './fake-fleet-api.ts';
import { telemetryHistory } from './fleet-samples.ts';
import { makeJpeg } from './test-jpeg.ts';

/** The built page in a browser, over a stand-in for the server, of whose `box-1` there are telemetry and a picture. */
export interface FleetPage {
  readonly api: FakeFleetApi;
  readonly context: BrowserContext;
  readonly page: Page;
  logIn(): Promise<void>;
  /** Fails when anything went wrong in the page. */
  close(): Promise<void>;
}

/** A browser for the tests of a file. */
export interface FleetPages {
  open(): Promise<FleetPage>;
  close(): Promise<void>;
}

export async function openFleetPages(): Promise<FleetPages> {
  const webRoot = await builtWeb();
  const browser = await launchChromium(findChromium() ?? '');
  return {
    open: async () => {
      const api = await startFakeFleetApi(webRoot);
      api.fleet.telemetry = telemetryHistory();
      api.fleet.pictures.set('box-1/gate', await makeJpeg(40, 640, 360));
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      const page = await context.newPage();
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error' && !isExpectedRefusal(message))
          problems.push(`${message.text()} ${message.location().url}`);
      });
      return {
        ...{ api, context, page },
        logIn: () => context.addCookies([{ name: 'session', value: 'open', url: api.url, httpOnly: true }]),
        close: async () => {
          await context.close();
          await api.close();
          assert.deepEqual(problems, [], 'the console stays clean');
        },
      };
    },
    close: () => browser.close(),
  };
}

/**
 * Chromium logs each refused request; these are the ones the page asks for knowing that they may be refused, and those
 * whose answer a test breaks off.
 */
function isExpectedRefusal(message: ConsoleMessage): boolean {
  const { url } = message.location();
  const isExpected = /\/api\/v1\/(session|live)$/.test(url) || BROKEN_OFF.test(message.text());
  return isExpected && message.text().startsWith('Failed to load resource');
}

const BROKEN_OFF = /net::ERR_(CONTENT_LENGTH_MISMATCH|INCOMPLETE_CHUNKED_ENCODING)/;
