import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionsFor, describeEffect, findObstacle } from './rollout-actions.ts';
import { EMPTY_FORM, findFormProblem, helpOf, readCanary, toPlanRequest, toRequest } from './rollout-form.ts';

test('the form begins with the defaults of the policy, and tells them back unchanged', () => {
  const { policy } = toPlanRequest({ ...EMPTY_FORM, version: 'pets@1.2.0' });
  assert.deepEqual(policy, {
    successThreshold: 0.9,
    errorThreshold: 0.1,
    minExecuted: 5,
    soakSeconds: 600,
    maxParallelDownloads: 100,
    retries: 1,
    onError: 'pause',
    type: 'forced',
    targetSelection: 'snapshot',
    gates: [{ gate: 'installed' }],
  });
  assert.match(helpOf('soakSeconds'), /bake time/);
});

test('what is typed becomes what the API takes', () => {
  const form = {
    ...EMPTY_FORM,
    version: 'pets@1.2.0',
    filter: ' tag:night ',
    canary: '5 50',
    budgetPerSite: '1',
    windowCron: '0 2 * * *',
    numbers: { ...EMPTY_FORM.numbers, soakSeconds: '0.5', errorThreshold: '12.5', retries: '' },
  };
  const request = toRequest(form, { start: true, seed: 'abc' });
  assert.equal(request.name, 'pets@1.2.0');
  assert.equal(request.filter, 'tag:night');
  assert.equal(request.seed, 'abc');
  assert.deepEqual(request.groups, { canary: [5, 50] });
  assert.equal(request.policy?.soakSeconds, 30);
  assert.equal(request.policy?.errorThreshold, 0.125);
  assert.equal(request.policy?.retries, undefined);
  assert.deepEqual(request.policy?.disruptionBudget, { groupBy: 'site', maxUnavailable: 1 });
  assert.deepEqual(request.policy?.window, { cron: '0 2 * * *', durationMinutes: 120, timezone: 'site' });
});

test('only a soft rollout says how long devices wait, and one that is only kept has no gates', () => {
  const policyOf = (part: Partial<typeof EMPTY_FORM>) =>
    toPlanRequest({ ...EMPTY_FORM, version: 'pets@1.2.0', softHours: '6', ...part }).policy;
  assert.equal(policyOf({})?.softHours, undefined);
  assert.equal(policyOf({ type: 'soft' })?.softHours, 6);
  assert.deepEqual(policyOf({ type: 'soft' })?.gates, [{ gate: 'installed' }]);
  assert.equal(policyOf({ type: 'soft', softHours: '' })?.softHours, undefined);
  assert.deepEqual(policyOf({ type: 'download_only' })?.gates, []);
});

test('what an action does depends on the type of the rollout', () => {
  const [stop, rollback] = actionsFor('running')
    .filter(({ isGrave }) => isGrave)
    .slice(-2);
  assert.ok(stop && rollback);
  assert.match(describeEffect(rollback, { type: 'forced' }), /each to its own/);
  assert.match(describeEffect(rollback, { type: 'soft' }), /called back/);
  assert.match(describeEffect(rollback, { type: 'download_only' }), /no device is sent back/);
  assert.match(describeEffect(stop, { type: 'soft' }), /still install/);
  assert.match(describeEffect(stop, { type: 'download_only' }), /keep what they have/);
});

test('percents that do not rise are told', () => {
  assert.deepEqual(readCanary('1, 5,25 100'), [1, 5, 25, 100]);
  assert.match(String(readCanary('5, 1')), /"1"/);
  assert.match(String(readCanary('1, x')), /"x"/);
  assert.match(String(readCanary('')), /rise/);
  assert.match(findFormProblem({ ...EMPTY_FORM, version: 'pets@1.2.0', canary: '101' }) ?? '', /"101"/);
  assert.match(findFormProblem(EMPTY_FORM) ?? '', /model version/);
});

test('who made a rollout does not approve it, and nothing is asked of one that is over', () => {
  const [approve] = actionsFor('waiting_for_approval');
  assert.ok(approve);
  assert.match(findObstacle(approve, { createdBy: 'olga' }, 'olga') ?? '', /Somebody else/);
  assert.equal(findObstacle(approve, { createdBy: 'olga' }, 'peter'), undefined);
  assert.deepEqual(actionsFor('rolled_back'), []);
  assert.deepEqual(
    actionsFor('running').map(({ name }) => name),
    ['pause', 'retry', 'skip-group', 'stop', 'rollback'],
  );
});
