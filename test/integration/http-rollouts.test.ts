import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RolloutPreview, RolloutView } from '@watchpost/shared/api/rollouts.ts';
import { bundleRecord } from '../support/fleet-data.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

const BUNDLE = bundleRecord('2.0.0');
let world: HttpWorld;
const cookies = new Map<string, string>();

before(async () => {
  world = await createHttpWorld();
  await world.store.bundles.add(BUNDLE);
  await world.store.bundles.add({ ...bundleRecord('0.1.0'), state: 'draft' });
  await world.addUser('olga', ['operator']);
  await world.addUser('otto', ['operator']);
  await world.addUser('vera', ['viewer']);
  for (const user of ['olga', 'otto', 'vera']) cookies.set(user, await world.login(user));
});
after(() => world.close());

async function call<T>(user: string, method: 'GET' | 'POST', path: string, payload: object = {}) {
  const reply = await world.app.inject({
    method,
    url: `/api/v1/rollouts${path}`,
    headers: { cookie: cookies.get(user) ?? '' },
    ...(method === 'POST' && { payload }),
  });
  return { status: reply.statusCode, body: reply.json() as T & { readonly code?: string } };
}

const REQUEST = { name: 'spring', version: 'petpark@2.0.0' };

test('a plan says who would be brought to what, and stores nothing', async () => {
  const { status, body } = await call<RolloutPreview>('vera', 'POST', '/plan', {
    version: 'petpark@2.0.0',
    policy: { soakSeconds: 60 },
  });
  assert.equal(status, 200);
  assert.equal(body.bundleDigest, BUNDLE.digest);
  assert.equal(body.total, 1);
  assert.equal(body.policy.soakSeconds, 60);
  assert.equal(body.policy.errorThreshold, 0.1, 'what is left out is as the schema has it');
  assert.deepEqual(
    body.groups.map(({ name, devices, examples }) => [name, devices, examples]),
    [['1 %', 1, ['box-1']]],
  );
  assert.deepEqual((await call<{ rollouts: [] }>('vera', 'GET', '')).body.rollouts, []);
});

const MISTAKES: readonly (readonly [what: string, request: object, status: number, code: string])[] = [
  ['no bundle', { version: undefined }, 422, 'ROLLOUT_INVALID'],
  ['two bundles', { bundleDigest: BUNDLE.digest }, 422, 'ROLLOUT_INVALID'],
  ['an unknown version', { version: 'petpark@9.9.9' }, 404, 'NOT_FOUND'],
  ['a draft', { version: 'petpark@0.1.0' }, 409, 'VERSION_STATE'],
  ['a filter that is none', { filter: 'site = x' }, 400, 'FILTER_INVALID'],
  ['a wait for quiet without a soft order', { policy: { softHours: 4 } }, 422, 'ROLLOUT_INVALID'],
  ['a type that is none', { policy: { type: 'gentle' } }, 400, 'REQUEST_INVALID'],
  ['an unknown policy key', { policy: { speed: 3 } }, 400, 'REQUEST_INVALID'],
  [
    'a schedule that is none',
    { policy: { window: { cron: 'every day', durationMinutes: 5, timezone: 'site' } } },
    422,
    'ROLLOUT_INVALID',
  ],
  [
    'a time zone that is none',
    { policy: { window: { cron: '0 2 * * *', durationMinutes: 5, timezone: 'Mars/One' } } },
    422,
    'ROLLOUT_INVALID',
  ],
  ['a canary that falls', { groups: { canary: [5, 1] } }, 422, 'ROLLOUT_INVALID'],
  ['a group of nothing', { groups: { list: [{ name: 'x' }] } }, 422, 'ROLLOUT_INVALID'],
];

for (const [what, request, status, code] of MISTAKES) {
  test(`a rollout with ${what} is refused as ${code}`, async () => {
    const reply = await call('olga', 'POST', '', { ...REQUEST, ...request });
    assert.deepEqual([reply.status, reply.body.code], [status, code], JSON.stringify(reply.body));
  });
}

test('who made a rollout does not approve it; another person does, and each step is in the record', async () => {
  const made = await call<RolloutView>('olga', 'POST', '', { ...REQUEST, requiresApproval: true });
  assert.deepEqual([made.status, made.body.state], [201, 'waiting_for_approval']);
  const { id } = made.body;
  assert.equal((await call('vera', 'POST', `/${id}/approve`)).status, 403);
  assert.equal((await call('olga', 'POST', `/${id}/approve`)).body.code, 'APPROVER_IS_AUTHOR');
  assert.equal((await call('olga', 'POST', `/${id}/start`)).body.code, 'ROLLOUT_STATE');
  const approved = await call<RolloutView>('otto', 'POST', `/${id}/approve`, { note: 'looks sound' });
  assert.equal(approved.body.state, 'ready');
  assert.equal((await call<RolloutView>('olga', 'POST', `/${id}/start`)).body.state, 'running');
  const shown = (await call<RolloutView>('vera', 'GET', `/${id}`)).body;
  assert.deepEqual([shown.counts.total, shown.counts.waiting, shown.groups.length], [1, 1, 1]);
  const journal = await call<{ entries: { to: string; why: string; actor: string }[] }>(
    'vera',
    'GET',
    `/${id}/journal`,
  );
  assert.deepEqual(
    journal.body.entries.map(({ to, actor, why }) => [to, actor, why]),
    [
      ['waiting_for_approval', 'olga', 'made by olga'],
      ['ready', 'otto', 'approve by otto: looks sound'],
      ['running', 'olga', 'start by olga'],
    ],
  );
  const members = await call<{ members: { deviceId: string }[] }>(
    'vera',
    'GET',
    `/${id}/members?state=pending`,
  );
  assert.equal(members.body.members[0]?.deviceId, 'box-1');
  const actions = (await world.audit.list({ afterSeq: 0, limit: 100 }))
    .filter(({ subject }) => subject === id)
    .map(({ action, actor }) => `${actor.id} ${action}`);
  assert.deepEqual(actions, ['olga rollout.created', 'otto rollout.approved', 'olga rollout.started']);
  const { rollouts } = (await call<{ rollouts: { id: string; group?: number }[] }>('vera', 'GET', '')).body;
  assert.deepEqual([rollouts[0]?.id, rollouts[0]?.group], [id, 1]);
});

test('a rollout there is not is not found, whatever is asked of it', async () => {
  for (const path of ['/none', '/none/journal', '/none/members', '/none/explain'])
    assert.equal((await call('vera', 'GET', path)).status, 404, path);
  assert.equal((await call('olga', 'POST', '/none/pause')).status, 404);
});
