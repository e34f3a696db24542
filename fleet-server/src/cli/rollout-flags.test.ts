import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionValues } from './command.ts';
import { readWish } from './rollout-flags.ts';

const read = (options: Record<string, string | boolean | string[]>, file = {}) =>
  readWish(new OptionValues(options), file);

test('the options become what the API takes', () => {
  const wish = read({
    model: 'pets@1.2.0',
    filter: 'tag:night',
    canary: '1,5,25,100',
    success: '0.9',
    error: '10%',
    soak: '10m',
    rate: '10:2:100',
    budget: 'site:1',
    window: '0 2 * * *+120m',
    'on-error': 'rollback',
    type: 'soft',
    'soft-hours': '6',
    gate: ['installed', 'latency_ratio:1.1,passWhen=proof,wait=30m'],
    priority: '7',
    'start-at': '2026-03-01T02:00:00Z',
    approval: true,
  });
  assert.deepEqual(wish, {
    version: 'pets@1.2.0',
    filter: 'tag:night',
    groups: { canary: [1, 5, 25, 100] },
    policy: {
      successThreshold: 0.9,
      errorThreshold: 0.1,
      soakSeconds: 600,
      rate: { base: 10, increment: 2, max: 100 },
      disruptionBudget: { groupBy: 'site', maxUnavailable: 1 },
      window: { cron: '0 2 * * *', durationMinutes: 120, timezone: 'site' },
      onError: 'rollback',
      type: 'soft',
      softHours: 6,
      gates: [
        { gate: 'installed' },
        { gate: 'latency_ratio', limit: 1.1, passWhen: 'proof', waitMinutes: 30 },
      ],
    },
    startAtMs: Date.UTC(2026, 2, 1, 2),
    priority: 7,
    requiresApproval: true,
  });
});

test('an option goes before the file, key by key', () => {
  const file = { version: 'pets@1.1.0', filter: 'tag:a', policy: { retries: 3, soakSeconds: 5 } };
  assert.deepEqual(read({ bundle: 'ab', soak: '1h' }, file), {
    bundleDigest: 'ab',
    filter: 'tag:a',
    policy: { retries: 3, soakSeconds: 3600 },
  });
  assert.deepEqual(read({}, file), file);
});

test('groups are of the same size, or each by itself; a filter may hold commas', () => {
  assert.deepEqual(read({ groups: '4' }).groups, { canary: [25, 50, 75, 100] });
  const group = [
    'name=lab,count=3,filter=site in ("a", "b") and not tag:x',
    'percent=10%',
    'filter=name == "count=1,y"',
  ];
  assert.deepEqual(read({ group }).groups, {
    list: [
      { name: 'lab', count: 3, filter: 'site in ("a", "b") and not tag:x' },
      { percent: 10 },
      { filter: 'name == "count=1,y"' },
    ],
  });
});

test('what cannot be read is refused by the name of its option', () => {
  const wrong: readonly (readonly [string, string | string[]])[] = [
    ['success', '90'],
    ['error', 'few'],
    ['soak', '10'],
    ['rate', '10:2'],
    ['budget', 'site'],
    ['window', '0 2 * * *'],
    ['timeout', '90s'],
    ['on-error', 'explode'],
    ['type', 'gentle'],
    ['soft-hours', '6h'],
    ['canary', '5,1'],
    ['groups', '0'],
    ['group', ['size=3']],
    ['gate', ['taste']],
    ['gate', ['fps:many']],
    ['gate', ['fps,patience=3']],
    ['start-at', 'tomorrow'],
    ['retries', '-1'],
  ];
  for (const [option, value] of wrong)
    assert.throws(() => read({ [option]: value }), { code: 'USAGE', message: new RegExp(`--${option}`) });
  assert.throws(() => read({ model: 'a@1', bundle: 'b' }), {
    code: 'USAGE',
    message: /--model and --bundle/,
  });
  assert.throws(() => read({ canary: '1', groups: '2' }), { code: 'USAGE', message: /one of/ });
});
