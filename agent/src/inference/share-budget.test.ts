import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayRun, openShareBudget, spend } from './share-budget.ts';

const AT = 5_000;
const opened = openShareBudget(0.25, AT);

for (const [name, budget, nowMs, expected] of [
  ['the first run may begin at once', opened, AT, true],
  ['what a run took must be paid back first', spend(opened, 100, AT + 100), AT + 399, false],
  ['what a run took is paid back after its share of the time', spend(opened, 100, AT + 100), AT + 400, true],
  ['a long run is paid back as a whole', spend(opened, 10_000, AT + 10_000), AT + 39_999, false],
  [
    'what was saved while idle is bounded, so that a burst is short',
    spend(spend(opened, 0, AT + 3_600_000), 251, AT + 3_600_000),
    AT + 3_600_003,
    false,
  ],
  [
    'what was saved while idle may be used',
    spend(spend(opened, 0, AT + 3_600_000), 250, AT + 3_600_000),
    AT + 3_600_000,
    true,
  ],
  ['the whole time may be used', spend(openShareBudget(1, AT), 100, AT + 100), AT + 100, true],
] as const)
  test(name, () => assert.equal(mayRun(budget, nowMs), expected));

for (const share01 of [0.05, 0.25, 0.5, 1])
  test(`runs of 30 ms, begun as often as they may be, take ${share01} of the time`, () => {
    let budget = openShareBudget(share01, 0);
    let busyMs = 0;
    for (let nowMs = 0; nowMs < 60_000; )
      if (mayRun(budget, nowMs)) {
        nowMs += 30;
        busyMs += 30;
        budget = spend(budget, 30, nowMs);
      } else nowMs += 1;
    assert.ok(Math.abs(busyMs / 60_000 - share01) < 0.01, String(busyMs / 60_000));
  });
