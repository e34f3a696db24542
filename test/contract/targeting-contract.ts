import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Site } from '@watchpost/shared/api/targeting.ts';
import { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import { Default } from 'typebox/value';
import type { Store } from '../../fleet-server/src/store/port.ts';

/** What every store must do about what people say of devices. */
export function targetingContract(at: () => Store): void {
  test('sites, groups, filters and policies are saved over what stood there, listed by id, and deleted once', async () => {
    const { targeting } = at();
    const park: Site = {
      id: 'park',
      name: 'Park',
      timezone: 'Europe/Madrid',
      address: 'Street 1',
      lat: 41,
      lon: 2,
    };
    const gate: Site = { id: 'gate', name: 'Gate', timezone: 'UTC' };
    await targeting.saveSite(park);
    await targeting.saveSite({ ...gate, lat: 0, lon: 0 });
    await targeting.saveSite(gate);
    assert.deepEqual(await targeting.listSites(), [gate, park]);
    const lab = { id: 'lab', devices: ['box-2', 'box-1'] };
    await targeting.saveGroup({ id: 'all', description: 'every box', filter: 'has id' });
    await targeting.saveGroup({ id: 'lab', filter: 'tag:lab' });
    await targeting.saveGroup(lab);
    assert.deepEqual((await targeting.listGroups()).at(-1), lab);
    await targeting.saveFilter({ id: 'dark', filter: 'connection == "lost"', description: 'silent' });
    await targeting.saveFilter({ id: 'dark', filter: 'connection != "ready"' });
    assert.deepEqual(await targeting.listFilters(), [{ id: 'dark', filter: 'connection != "ready"' }]);
    const policy = Default(RolloutPolicy, { soakSeconds: 60 }) as RolloutPolicy;
    await targeting.savePolicy({ id: 'quick', policy: { ...policy, retries: 3 } });
    await targeting.savePolicy({ id: 'quick', policy });
    assert.deepEqual(await targeting.listPolicies(), [{ id: 'quick', policy }]);
    const deletions = await Promise.all([
      targeting.deleteSite('park'),
      targeting.deleteGroup('lab'),
      targeting.deleteFilter('dark'),
      targeting.deletePolicy('quick'),
    ]);
    assert.deepEqual(deletions, [true, true, true, true]);
    assert.equal(await targeting.deleteSite('park'), false);
    assert.deepEqual(await targeting.listSites(), [gate]);
  });

  test('changes of what is said of a device, made at the same time, all count', async () => {
    const { targeting } = at();
    const changes = await Promise.all(
      ['a', 'b', 'c'].map((tag) =>
        targeting.changeMetadata('spoken-of', ({ tags, ...rest }) => ({ ...rest, tags: [...tags, tag] })),
      ),
    );
    assert.deepEqual(changes[0]?.before, { tags: [], attrs: {} });
    await targeting.changeMetadata('spoken-of', ({ tags }) => ({
      site: 'park',
      tags,
      attrs: { poe: true, m: 2 },
    }));
    assert.deepEqual(await targeting.listMetadata(), [
      { deviceId: 'spoken-of', site: 'park', tags: ['a', 'b', 'c'], attrs: { poe: true, m: 2 } },
    ]);
    const refuse = targeting.changeMetadata('spoken-of', () => {
      throw new TypeError('too much');
    });
    await assert.rejects(refuse, { code: 'STORE_FAILED' });
  });
}
