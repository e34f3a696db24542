import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeTufChange } from './tuf-change.ts';
import { computeTufKeyId, type RootSigned, type TargetsSigned, type TufKey } from './tuf-metadata.ts';
import { findTufProblems } from './tuf-policy.ts';

const keyOf = (digit: string): TufKey => ({
  keytype: 'ed25519',
  scheme: 'ed25519',
  keyval: { public: digit.repeat(64) },
});
const KEYS = ['1', '2', '3'].map(keyOf);
const [ONE = '', TWO = '', THREE = ''] = KEYS.map(computeTufKeyId);
const head = { spec_version: '1.0.31', version: 1, expires: '2030-01-01T00:00:00Z' };
const one = { keyids: [ONE], threshold: 1 };
const ROOT: RootSigned = {
  _type: 'root',
  ...head,
  consistent_snapshot: true,
  keys: Object.fromEntries(KEYS.map((key) => [computeTufKeyId(key), key])),
  roles: { root: { keyids: [ONE, TWO, THREE], threshold: 2 }, targets: one, snapshot: one, timestamp: one },
};
const TARGETS: TargetsSigned = {
  _type: 'targets',
  ...head,
  targets: {},
  delegations: {
    keys: Object.fromEntries(KEYS.slice(0, 1).map((key) => [computeTufKeyId(key), key])),
    roles: [{ name: 'models', ...one, terminating: true, paths: ['models/*/*'] }],
  },
};
const target = (digit: string) => ({
  length: 9,
  hashes: { sha256: digit.repeat(64) },
  custom: { releaseCounter: 1 },
});
const naming = (...paths: readonly string[]): TargetsSigned => ({
  _type: 'targets',
  ...head,
  targets: Object.fromEntries(paths.map((path) => [path, target('a')])),
});
const delegating = (name: string, paths: readonly string[]): TargetsSigned => ({
  ...TARGETS,
  delegations: {
    keys: TARGETS.delegations?.keys ?? {},
    roles: [{ name, ...one, terminating: true, paths: [...paths] }],
  },
});

test('sound documents have no problems', () => {
  assert.deepEqual(findTufProblems('root', ROOT), []);
  assert.deepEqual(findTufProblems('targets', TARGETS), []);
  assert.deepEqual(findTufProblems('models', naming('models/pets/1.0.0+3', 'models/a/v')), []);
});

test('a document cannot stand for another role', () => {
  assert.equal(findTufProblems('targets', ROOT).length, 1);
  assert.equal(findTufProblems('root', TARGETS).length, 1);
});

test('a key that is missing, misnamed or there twice, and a threshold that cannot be met, are found', () => {
  const of = (change: Partial<RootSigned>) => findTufProblems('root', { ...ROOT, ...change }).join('\n');
  const roles = { ...ROOT.roles, root: { keyids: [ONE, TWO], threshold: 3 } };
  assert.match(of({ roles }), /root needs 3 signatures, but has 2 keys/);
  assert.match(of({ roles: { ...roles, root: { keyids: ['f'.repeat(64)], threshold: 1 } } }), /is not given/);
  assert.match(of({ keys: { ...ROOT.keys, ['f'.repeat(64)]: keyOf('9') } }), /not named by its digest/);
  assert.match(of({ keys: { ...ROOT.keys, ['f'.repeat(64)]: keyOf('1') } }), /under another id too/);
});

for (const path of ['agent/linux/1', 'models/a', 'models/a/b/c', 'models/../x', 'models//x', 'models/a/ b']) {
  test(`models may not name ${path}`, () => {
    assert.match(findTufProblems('models', naming(path)).join(), /is outside of/);
  });
}

test('delegations are given what bears their name, under no name of a role, and go no further', () => {
  assert.match(findTufProblems('targets', delegating('models', ['agent/*/*'])).join(), /may not be given/);
  assert.match(findTufProblems('targets', delegating('root', ['root/*'])).join(), /may not be called root/);
  assert.match(findTufProblems('models', TARGETS).join(), /may not delegate further/);
});

test('a change is told in words: targets that come, go and change, keys and thresholds', () => {
  const before = naming('models/pets/1', 'models/pets/2');
  const after: TargetsSigned = {
    ...before,
    version: 2,
    targets: { 'models/pets/2': target('b'), 'models/pets/3': target('c') },
  };
  const [head2 = '', ...changes] = describeTufChange(before, after);
  assert.match(head2, /version 1 -> 2, expires 2030/);
  assert.deepEqual(
    changes.map((change) => change.split(':', 1)[0]),
    ['REPLACES models/pets/2', 'adds models/pets/3', 'removes models/pets/1'],
  );
  const weaker = {
    ...ROOT,
    version: 2,
    roles: { ...ROOT.roles, root: { keyids: [ONE, TWO], threshold: 1 } },
  };
  assert.deepEqual(describeTufChange(ROOT, weaker).slice(1), [
    `root: key ${'3'.repeat(64)} may no longer sign`,
    'root: 1 of 2 keys must sign',
  ]);
});

test('a root with a role that does not exist is refused, whatever stands there', () => {
  const roles = { ...ROOT.roles, '': [] };
  assert.deepEqual(findTufProblems('root', { ...ROOT, roles }), ['root knows no role ""']);
});
