import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_CANARY, drawOrder, type PlannedDevice, planGroups } from './plan-groups.ts';

const fleet = (...sites: readonly (readonly [site: string, count: number])[]): readonly PlannedDevice[] =>
  sites.flatMap(([site, count]) =>
    Array.from({ length: count }, (_, index) => ({ id: `${site}-${index}`, site })),
  );

const sizes = (groups: readonly { readonly name: string; readonly deviceIds: readonly string[] }[]) =>
  groups.map(({ name, deviceIds }) => [name, deviceIds.length]);

test('the generated canary reaches 1, 5, 25 and 100 percent', () => {
  assert.deepEqual(sizes(planGroups(fleet(['a', 1000]), { canary: [...DEFAULT_CANARY] }, 's')), [
    ['1 %', 10],
    ['5 %', 40],
    ['25 %', 200],
    ['100 %', 750],
  ]);
});

test('a canary of few devices is one device, and empty groups are left out', () => {
  assert.deepEqual(sizes(planGroups(fleet(['a', 4]), { canary: [1, 5, 100] }, 's')), [
    ['1 %', 1],
    ['100 %', 3],
  ]);
});

test('what the percents do not reach is a last group', () => {
  assert.deepEqual(sizes(planGroups(fleet(['a', 10]), { canary: [10] }, 's')), [
    ['10 %', 1],
    ['the rest', 9],
  ]);
});

test('percents that fall take nothing', () => {
  assert.deepEqual(sizes(planGroups(fleet(['a', 10]), { canary: [50, 20, 100] }, 's')), [
    ['50 %', 5],
    ['100 %', 5],
  ]);
});

test('a list takes by count, share and filter, each of what is left', () => {
  const lab = new Set(['a-0', 'a-1', 'a-2']);
  const list = [
    { name: 'lab', filter: 'tag:lab' },
    { count: 2 },
    { percent: 50, filter: 'tag:lab' },
    { percent: 10 },
  ];
  const groups = planGroups(fleet(['a', 20]), { list }, 's', [lab, undefined, lab, undefined]);
  assert.deepEqual(sizes(groups), [
    ['lab', 3],
    ['2 devices', 2],
    ['10 %', 2],
    ['the rest', 13],
  ]);
});

test('nobody is one empty group, which somebody may join', () => {
  assert.deepEqual(planGroups([], { canary: [...DEFAULT_CANARY] }, 's'), [{ name: 'all', deviceIds: [] }]);
});

test('every stretch of the order has its share of every site', () => {
  const order = drawOrder(fleet(['a', 600], ['b', 300], ['c', 100]), 'seed');
  const canary = order.slice(0, 50);
  const count = (site: string): number => canary.filter((id) => id.startsWith(site)).length;
  assert.ok(
    Math.abs(count('a') - 30) <= 1 && Math.abs(count('b') - 15) <= 1 && Math.abs(count('c') - 5) <= 1,
  );
});

test('the seed draws the order, and nothing else does', () => {
  const devices = fleet(['a', 30], ['b', 20]);
  assert.deepEqual(drawOrder(devices.toReversed(), 'one'), drawOrder(devices, 'one'));
  assert.notDeepEqual(drawOrder(devices, 'two'), drawOrder(devices, 'one'));
});

test('every device is in one group', () => {
  const spec = fc.record(
    {
      count: fc.integer({ min: 1, max: 9 }),
      percent: fc.double({ min: 0.1, max: 100, noNaN: true }),
      filter: fc.constant('tag:x'),
    },
    { requiredKeys: [] },
  );
  const plan = fc.oneof(
    fc.record({ canary: fc.array(fc.double({ min: 0.1, max: 100, noNaN: true }), { minLength: 1 }) }),
    fc.record({ list: fc.array(spec, { minLength: 1 }) }),
  );
  const ids = fc.uniqueArray(fc.nat(200), { maxLength: 40 });
  fc.assert(
    fc.property(ids, plan, fc.string(), (numbers, groupPlan, seed) => {
      const devices = numbers.map((it) => ({ id: `d${it}`, ...(it % 3 > 0 && { site: `s${it % 3}` }) }));
      const odd = new Set(devices.filter((_, index) => index % 2 > 0).map(({ id }) => id));
      const matches = 'list' in groupPlan ? groupPlan.list.map(() => odd) : [];
      const found = planGroups(devices, groupPlan, seed, matches).flatMap(({ deviceIds }) => deviceIds);
      assert.deepEqual(found.toSorted(), devices.map(({ id }) => id).toSorted());
    }),
  );
});
