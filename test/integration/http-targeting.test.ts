import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { makeDevice } from '../support/http-data.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

let world: HttpWorld;
let cookie = '';
beforeEach(async () => {
  world = await createHttpWorld();
  world.fleet.set(makeDevice('box-2', { connection: 'lost' }));
  world.fleet.set(makeDevice('box-3', { state: 'pending' }));
  cookie = await world.login();
});
afterEach(() => world.close());

type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
const call = (method: Method, path: string, payload?: object) =>
  world.app.inject({ method, url: `/api/v1/${path}`, headers: { cookie }, ...(payload && { payload }) });
const codeOf = async (reply: ReturnType<typeof call>): Promise<string> => (await reply).json().code;
const idsOf = async (filter: string): Promise<readonly string[]> => {
  const reply = await call('GET', `devices?filter=${encodeURIComponent(filter)}`);
  assert.equal(reply.statusCode, 200, reply.body);
  return reply.json<{ devices: { id: string }[] }>().devices.map(({ id }) => id);
};
const listActions = async () =>
  (await world.audit.list({ afterSeq: 1, limit: 99 })).map(({ action }) => action);

const PARK = { name: 'Pet park', timezone: 'Europe/Madrid', address: 'Carrer 1', lat: 41.4, lon: 2.2 };

test('a site is made, changed, shown with its devices, and deleted once nobody stands there', async () => {
  const made = await call('PUT', 'sites/bcn-1', PARK);
  assert.deepEqual(made.json(), { id: 'bcn-1', ...PARK, devices: 0 });
  await call('PATCH', 'devices/box-1/metadata', { site: 'bcn-1' });
  assert.deepEqual((await call('GET', 'sites')).json().sites, [{ id: 'bcn-1', ...PARK, devices: 1 }]);
  assert.equal(await codeOf(call('DELETE', 'sites/bcn-1')), 'IN_USE');
  await call('PATCH', 'devices/box-1/metadata', { site: null });
  assert.equal((await call('DELETE', 'sites/bcn-1')).statusCode, 204);
  assert.equal(await codeOf(call('GET', 'sites/bcn-1')), 'NOT_FOUND');
  assert.equal(await codeOf(call('DELETE', 'sites/bcn-1')), 'NOT_FOUND');
});

for (const [what, id, site] of [
  ['a time zone that is none', 'bcn-1', { ...PARK, timezone: 'Mars/Base' }],
  ['no time zone', 'bcn-1', { name: 'Pet park' }],
  ['a place that is on no globe', 'bcn-1', { ...PARK, lat: 91 }],
  ['a name with control characters', 'bcn-1', { ...PARK, name: 'a\u001b[2J' }],
  ['an id of other characters', 'BCN', PARK],
] as const)
  test(`a site with ${what} is refused`, async () =>
    assert.equal(await codeOf(call('PUT', `sites/${id}`, site)), 'REQUEST_INVALID'));

test('what is said of a device is found by filters, stays said, and is in the record once', async () => {
  await call('PUT', 'sites/bcn-1', PARK);
  const change = { site: 'bcn-1', tags: { add: ['night', 'lab'] }, attrs: { height: 3.5, poe: true } };
  const said = { site: 'bcn-1', tags: ['lab', 'night'], attrs: { height: 3.5, poe: true } };
  assert.deepEqual((await call('PATCH', 'devices/box-1/metadata', change)).json(), said);
  await call('PATCH', 'devices/box-1/metadata', change);
  assert.deepEqual((await call('GET', 'devices/box-1')).json().metadata, said);
  assert.deepEqual(await idsOf('timezone == "Europe/Madrid" and attrs.height > 3 and tag:lab'), ['box-1']);
  assert.deepEqual(await idsOf('not has site'), ['box-2', 'box-3']);
  assert.deepEqual(await idsOf('state == "pending"'), ['box-3']);
  await call('PATCH', 'devices/box-1/metadata', { tags: { remove: ['lab'] }, attrs: { poe: null } });
  assert.deepEqual(await world.store.targeting.listMetadata(), [
    { deviceId: 'box-1', site: 'bcn-1', tags: ['night'], attrs: { height: 3.5 } },
  ]);
  assert.deepEqual(await listActions(), ['site.saved', 'device.metadata_changed', 'device.metadata_changed']);
});

for (const [what, device, change, code] of [
  ['a device nobody knows', 'box-9', { tags: { add: ['x'] } }, 'NOT_FOUND'],
  ['a site that there is not', 'box-1', { site: 'nowhere' }, 'NOT_FOUND'],
  ['an attribute with a wrong name', 'box-1', { attrs: { '1st': 1 } }, 'REQUEST_INVALID'],
  [
    'an attribute that would reach the prototype',
    'box-1',
    { attrs: { ['__proto__']: 1 } },
    'REQUEST_INVALID',
  ],
  ['a list as attribute', 'box-1', { attrs: { list: [1] } }, 'REQUEST_INVALID'],
  ['a tag with a blank', 'box-1', { tags: { add: ['a b'] } }, 'REQUEST_INVALID'],
  ['nothing', 'box-1', {}, 'REQUEST_INVALID'],
] as const)
  test(`a change of ${what} is refused`, async () =>
    assert.equal(await codeOf(call('PATCH', `devices/${device}/metadata`, change)), code));

test('groups of devices and groups by filter build on each other and count their accepted devices', async () => {
  await call('PUT', 'groups/pilot', { devices: ['box-3', 'box-1'] });
  const open = { filter: 'group:pilot or connection == "lost"', description: 'first ones' };
  const made = await call('PUT', 'groups/open', open);
  assert.deepEqual(made.json(), { id: 'open', ...open, members: 2 });
  const { groups } = (await call('GET', 'groups')).json();
  assert.deepEqual(groups[1], { id: 'pilot', devices: ['box-1', 'box-3'], members: 1 });
  assert.deepEqual(await idsOf('group:open'), ['box-1', 'box-2', 'box-3']);
  const preview = await call('POST', 'filters/preview', { filter: 'group:open', limit: 1 });
  assert.equal(preview.json().total, 2);
  assert.deepEqual(
    preview.json().devices.map(({ id, groups }: { id: string; groups: string[] }) => [id, groups]),
    [['box-1', ['open', 'pilot']]],
  );
  assert.equal(await codeOf(call('DELETE', 'groups/pilot')), 'IN_USE');
  assert.equal((await call('DELETE', 'groups/open')).statusCode, 204);
  assert.equal((await call('DELETE', 'groups/pilot')).statusCode, 204);
});

for (const [what, group, code] of [
  ['neither devices nor a filter', {}, 'REQUEST_INVALID'],
  ['both devices and a filter', { devices: [], filter: 'tag:x' }, 'REQUEST_INVALID'],
  ['a device nobody knows', { devices: ['box-9'] }, 'NOT_FOUND'],
  ['a filter that cannot be read', { filter: 'site = "x"' }, 'FILTER_INVALID'],
  ['a group that there is not', { filter: 'group:gone' }, 'FILTER_INVALID'],
  ['itself', { filter: 'tag:x or group:new' }, 'REQUEST_INVALID'],
] as const)
  test(`a group of ${what} is refused`, async () =>
    assert.equal(await codeOf(call('PUT', 'groups/new', group)), code));

test('groups that would lead in a circle are refused with the way', async () => {
  await call('PUT', 'groups/a', { filter: 'tag:x' });
  await call('PUT', 'groups/b', { filter: 'group:a' });
  const { message } = (await call('PUT', 'groups/a', { filter: 'group:b' })).json();
  assert.match(message, /a -> b -> a/);
});

test('filters are saved by name, and one that cannot be read is told with its place', async () => {
  const dark = { filter: 'connection == "lost"', description: 'silent boxes' };
  assert.deepEqual((await call('PUT', 'filters/dark', dark)).json(), { id: 'dark', ...dark });
  assert.deepEqual((await call('GET', 'filters')).json().filters, [{ id: 'dark', ...dark }]);
  const wrong = await call('POST', 'filters/preview', { filter: 'site == "x" tag:lab' });
  assert.equal(wrong.statusCode, 400);
  assert.match(wrong.json().message, /character 13: expected "and", "or" or the end/);
  assert.equal(await codeOf(call('GET', 'devices?filter=group:gone')), 'FILTER_INVALID');
  assert.equal((await call('DELETE', 'filters/dark')).statusCode, 204);
  assert.equal(await codeOf(call('DELETE', 'filters/dark')), 'NOT_FOUND');
});

test('a policy is saved whole: what is left out has its default', async () => {
  const saved = await call('PUT', 'policies/careful', { policy: { soakSeconds: 3600, onError: 'rollback' } });
  const { policy } = saved.json();
  assert.deepEqual(
    [policy.soakSeconds, policy.onError, policy.successThreshold, policy.retries],
    [3600, 'rollback', 0.9, 1],
  );
  assert.deepEqual((await call('GET', 'policies')).json().policies, [{ id: 'careful', policy }]);
  assert.equal(await codeOf(call('PUT', 'policies/x', { policy: { soakSeconds: -1 } })), 'REQUEST_INVALID');
  assert.equal((await call('DELETE', 'policies/careful')).statusCode, 204);
  assert.equal(await codeOf(call('GET', 'policies/careful')), 'NOT_FOUND');
});

test('a decommissioned device stands nowhere any more', async () => {
  await call('PUT', 'sites/bcn-1', PARK);
  await call('PATCH', 'devices/box-2/metadata', { site: 'bcn-1' });
  const device = world.fleet.device('box-2');
  assert.ok(device);
  world.fleet.set({ ...device, state: 'decommissioned' });
  assert.equal((await call('DELETE', 'sites/bcn-1')).statusCode, 204);
});

test('a viewer previews and reads, and changes nothing', async () => {
  await world.addUser('vera', ['viewer']);
  cookie = await world.login('vera');
  assert.equal((await call('POST', 'filters/preview', { filter: 'has id' })).json().total, 2);
  assert.equal((await call('GET', 'groups')).statusCode, 200);
  assert.equal(await codeOf(call('PUT', 'filters/dark', { filter: 'has id' })), 'FORBIDDEN');
});
