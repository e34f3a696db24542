import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTimezone } from './timezone.ts';

for (const name of ['Europe/Madrid', 'UTC', 'America/Argentina/Buenos_Aires', 'Etc/GMT+3'])
  test(`${name} is a time zone`, () => assert.equal(isTimezone(name), true));

for (const name of ['', 'Mars/Base', '+01:00', 'Europe/', 'Europe/Madrid\n', 'site'])
  test(`${JSON.stringify(name)} is no time zone`, () => assert.equal(isTimezone(name), false));
