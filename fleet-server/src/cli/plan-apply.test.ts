import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import type { FleetFile, FoundFleet } from './fleet-file.ts';
import { planApply } from './plan-apply.ts';

const NOTHING: FoundFleet = { sites: [], groups: [], filters: [], policies: [], rollouts: [], devices: [] };
const PARK = { name: 'Park', timezone: 'Europe/Madrid' };
const FOUND: FoundFleet = {
  sites: [{ id: 'park', ...PARK }],
  groups: [
    { id: 'all', filter: 'group:pilot or tag:x' },
    { id: 'pilot', devices: ['box-1', 'box-2'] },
  ],
  filters: [{ id: 'dark', filter: 'connection == "lost"' }],
  policies: [],
  rollouts: [
    { name: 'pilots', model: 'pets', version: '1.1.0', filter: 'group:pilot' },
    { name: 'pilots', model: 'pets', version: '1.2.0', filter: 'group:pilot' },
  ],
  devices: [
    {
      id: 'box-1',
      state: 'accepted',
      metadata: { site: 'park', tags: ['lab', 'night'], attrs: { height: 3, poe: true } },
    },
    { id: 'box-2', state: 'accepted' },
  ],
};
const file = (sections: Omit<FleetFile, 'version'>): FleetFile => ({ version: 1, ...sections });
const plan = (sections: Omit<FleetFile, 'version'>, found = FOUND, prune = false) => {
  const planned = planApply(file(sections), found, prune);
  assert.ok(planned.kind === 'plan', JSON.stringify(planned));
  return planned.changes;
};
const inWords = (changes: ReturnType<typeof plan>) =>
  changes.map(({ verb, what, id }) => `${verb} ${what} ${id}`);

test('a file that says what is there already leads to nothing', () => {
  const same = {
    sites: { park: PARK },
    groups: { pilot: { devices: ['box-2', 'box-1'] }, all: { filter: 'group:pilot or tag:x' } },
    filters: { dark: { filter: 'connection == "lost"' } },
    devices: {
      'box-1': { site: 'park', tags: ['night', 'lab'], attrs: { poe: true, height: 3 } },
      'box-2': { site: null, tags: [], attrs: {} },
    },
  };
  assert.deepEqual(plan(same), []);
  assert.deepEqual(plan(same, FOUND, true), []);
  assert.deepEqual(plan({}, FOUND, true), []);
});

test('what is spoken of comes before what speaks of it', () => {
  const changes = plan(
    {
      filters: { late: { filter: 'group:a' } },
      groups: { a: { filter: 'group:b' }, b: { filter: 'site == "gate"' } },
      devices: { 'box-2': { site: 'gate' } },
      sites: { gate: PARK },
    },
    { ...NOTHING, devices: FOUND.devices.slice(1) },
  );
  assert.deepEqual(inWords(changes), [
    'add site gate',
    'change device box-2',
    'add group b',
    'add group a',
    'add filter late',
  ]);
});

test('of a device, what is named becomes so, and what is not named stays', () => {
  const [change] = plan({ devices: { 'box-1': { tags: ['night', 'door'], attrs: { height: 3.5 } } } });
  assert.deepEqual(change?.request, {
    method: 'PATCH',
    path: 'devices/box-1/metadata',
    body: { tags: { add: ['door'], remove: ['lab'] }, attrs: { height: 3.5, poe: null } },
  });
  assert.deepEqual(change?.lines, [
    '- attrs.height: 3',
    '+ attrs.height: 3.5',
    '- attrs.poe: true',
    '+ tags.door: true',
    '- tags.lab: true',
  ]);
  const [away] = plan({ devices: { 'box-1': { site: null } } });
  assert.deepEqual(away?.request, { method: 'PATCH', path: 'devices/box-1/metadata', body: { site: null } });
});

test('a change of a site or a group replaces it whole', () => {
  const changes = plan({
    sites: { park: { ...PARK, timezone: 'UTC' } },
    groups: { pilot: { devices: ['box-2'], description: 'one' } },
  });
  assert.deepEqual(
    changes.map(({ lines }) => lines),
    [
      ['- timezone: "Europe/Madrid"', '+ timezone: "UTC"'],
      ['+ description: "one"', '- devices.box-1: true'],
    ],
  );
  assert.deepEqual(changes[1]?.request, {
    method: 'PUT',
    path: 'groups/pilot',
    body: { devices: ['box-2'], description: 'one' },
  });
});

test('pruning removes what is not named, of the kinds the file has, last what others speak of', () => {
  const wanted = { sites: {}, groups: {}, filters: {}, devices: { 'box-1': { site: null } } };
  assert.deepEqual(inWords(plan(wanted, FOUND, true)), [
    'change device box-1',
    'remove filter dark',
    'remove group all',
    'remove group pilot',
    'remove site park',
  ]);
  assert.deepEqual(inWords(plan({ filters: {} }, FOUND, true)), ['remove filter dark']);
  assert.deepEqual(plan({ sites: {}, groups: {}, filters: {} }), []);
});

test('a policy is compared whole, and pruned like the rest', () => {
  const policy = { soakSeconds: 60, gates: [] } as unknown as RolloutPolicy;
  const found = { ...FOUND, policies: [{ id: 'quick', policy }] };
  assert.deepEqual(plan({ policies: { quick: policy } }, found, true), []);
  const [change] = plan({ policies: { quick: { ...policy, soakSeconds: 90 } } }, found);
  assert.deepEqual(change?.lines, ['- policy.soakSeconds: 60', '+ policy.soakSeconds: 90']);
  assert.deepEqual(change?.request, {
    method: 'PUT',
    path: 'policies/quick',
    body: { policy: { ...policy, soakSeconds: 90 } },
  });
  assert.deepEqual(inWords(plan({ policies: {} }, found, true)), ['remove policy quick']);
});

test('a model that is wanted is rolled out once, by a rollout of that name', () => {
  const pilots = { version: 'pets@1.1.0', filter: 'group:pilot' };
  assert.deepEqual(plan({ models: { pilots } }), []);
  const quick = { soakSeconds: 60 } as unknown as RolloutPolicy;
  const [policy, back, all] = plan({
    models: { pilots: { ...pilots, version: 'pets@1.2.0' }, all: { version: 'pets@1.1.0', policy: 'quick' } },
    policies: { quick },
  });
  assert.deepEqual(policy && inWords([policy]), ['add policy quick']);
  assert.ok(policy?.lines.includes('+ policy.soakSeconds: 60'));
  assert.deepEqual(back?.lines, ['- version: "pets@1.1.0"', '+ version: "pets@1.2.0"']);
  assert.deepEqual(back?.request, {
    method: 'POST',
    path: 'rollouts',
    body: { name: 'pilots', version: 'pets@1.2.0', filter: 'group:pilot', start: true },
  });
  assert.deepEqual(all?.lines, ['+ policy: "quick"', '+ version: "pets@1.1.0"']);
  assert.deepEqual(all?.request, {
    method: 'POST',
    path: 'rollouts',
    body: { name: 'all', version: 'pets@1.1.0', policy: quick, start: true },
  });
});

type Mistake = readonly [what: string, sections: Omit<FleetFile, 'version'>, path: string, says: RegExp];
const MISTAKES: readonly Mistake[] = [
  ['a device nobody knows', { devices: { 'box-9': {} } }, 'devices.box-9', /no device "box-9"/],
  ['a site that there is not', { devices: { 'box-1': { site: 'x' } } }, 'devices.box-1.site', /no site "x"/],
  [
    'a time zone that is none',
    { sites: { park: { ...PARK, timezone: 'Mars/Base' } } },
    'sites.park.timezone',
    /Mars/,
  ],
  ['a filter that cannot be read', { groups: { g: { filter: 'tag' } } }, 'groups.g.filter', /character 1/],
  ['a group with no rule', { groups: { g: {} } }, 'groups.g', /either devices or a filter/],
  ['a stranger in a group', { groups: { g: { devices: ['box-9'] } } }, 'groups.g.devices', /box-9/],
  ['a group that there is not', { groups: { g: { filter: 'group:x' } } }, 'groups.g.filter', /no group "x"/],
  ['a circle', { groups: { pilot: { filter: 'group:all' } } }, 'groups.all', /all -> pilot -> all/],
  [
    'a policy that there is not',
    { models: { m: { version: 'pets@1', policy: 'x' } } },
    'models.m.policy',
    /no policy "x"/,
  ],
  [
    'a model for no group',
    { models: { m: { version: 'pets@1', filter: 'group:x' } } },
    'models.m.filter',
    /"x"/,
  ],
  ['a saved filter of no group', { filters: { f: { filter: 'group:x' } } }, 'filters.f.filter', /"x"/],
];
for (const [what, sections, path, says] of MISTAKES)
  test(`${what} is told with its place, and nothing is planned`, () => {
    const planned = planApply(file(sections), FOUND, false);
    assert.ok(planned.kind === 'unsound');
    assert.equal(planned.problems[0]?.path.join('.'), path);
    assert.match(planned.problems[0]?.message ?? '', says);
  });

test('pruning what is still needed is refused', () => {
  const problemOf = (sections: Omit<FleetFile, 'version'>) => {
    const planned = planApply(file(sections), FOUND, true);
    return planned.kind === 'unsound' ? planned.problems[0]?.message : undefined;
  };
  assert.match(problemOf({ sites: {} }) ?? '', /"park" is not named, but device box-1 stands there/);
  assert.match(problemOf({ groups: { all: { filter: 'group:pilot' } } }) ?? '', /no group "pilot"/);
});
