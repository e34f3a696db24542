import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceGroup } from '@watchpost/shared/api/targeting.ts';
import { computeGroups, orderGroups, readGroup } from './group-order.ts';

const order = (...groups: readonly DeviceGroup[]) => orderGroups(groups.map(readGroup));
const group = (id: string, filter: string): DeviceGroup => ({ id, filter });

test('a group comes after those its filter speaks of', () => {
  const ordered = order(
    group('a', 'group:c and not group:b'),
    group('b', 'group:c'),
    { id: 'c', devices: ['box-1'] },
    group('d', 'group:a'),
  );
  assert.ok(ordered.kind === 'ordered');
  assert.deepEqual(
    ordered.groups.map(({ id }) => id),
    ['c', 'b', 'a', 'd'],
  );
});

test('groups that lead in a circle are told, with the way', () => {
  const circle = order(group('z', 'group:a'), group('a', 'group:b'), group('b', 'tag:x or group:a'));
  assert.deepEqual(circle, { kind: 'circle', path: ['a', 'b', 'a'] });
  assert.deepEqual(order(group('own', 'not group:own')), { kind: 'circle', path: ['own', 'own'] });
});

test('a group that there is not is told, with the one that speaks of it', () => {
  assert.deepEqual(order(group('a', 'group:gone')), { kind: 'unknown', group: 'gone', namedBy: 'a' });
});

test('a device is in the groups that list it, and in those whose filter it meets, one built on the other', () => {
  const ordered = order(
    group('open', 'group:pilot and not group:lab'),
    group('lab', 'tag:lab'),
    { id: 'pilot', devices: ['box-1', 'box-2'] },
    group('late', 'group:open'),
  );
  assert.ok(ordered.kind === 'ordered');
  const groupsOf = (id: string, ...tags: readonly string[]) =>
    computeGroups({ id, tags, attrs: {} }, ordered.groups);
  assert.deepEqual(groupsOf('box-1'), ['late', 'open', 'pilot']);
  assert.deepEqual(groupsOf('box-2', 'lab'), ['lab', 'pilot']);
  assert.deepEqual(groupsOf('box-3'), []);
});
