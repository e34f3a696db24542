import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCronerWindow } from '../../fleet-server/src/rollouts/croner-window.ts';

const MINUTE_MS = 60_000;
const NIGHT = { cron: '0 2 * * *', durationMinutes: 120, timezone: 'site' };
/** 2026-03-02, a Monday. */
const at = (hour: number, minute = 0): number => Date.UTC(2026, 2, 2, hour, minute);

/** When it opens and closes, in hours of the day in UTC. */
function look(nowMs: number, timezone = 'UTC', window = NIGHT): readonly (number | undefined)[] {
  const clock = createCronerWindow();
  const hours = (ms: number | undefined) => (ms === undefined ? undefined : (ms - at(0)) / (60 * MINUTE_MS));
  const { windowOpensAtMs, windowClosesAtMs } = clock.look(window, timezone, nowMs);
  return [hours(windowOpensAtMs), hours(windowClosesAtMs)];
}

test('a window that is closed opens, and one that is open closes', () => {
  assert.deepEqual(look(at(1)), [2, undefined]);
  assert.deepEqual(look(at(2, 30)), [undefined, 4]);
  assert.deepEqual(look(at(3, 59)), [undefined, 4]);
  assert.deepEqual(look(at(4, 1)), [26, undefined]);
});

test('a window is that of the site, unless it names a time zone', () => {
  assert.deepEqual(look(at(1, 30), 'Europe/Madrid'), [undefined, 3]);
  assert.deepEqual(look(at(1, 30), 'Europe/Madrid', { ...NIGHT, timezone: 'UTC' }), [2, undefined]);
});
