import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceMetadata, MetadataChange } from '@watchpost/shared/api/targeting.ts';
import { changeMetadata } from './changed-metadata.ts';

const BEFORE: DeviceMetadata = { site: 'park', tags: ['lab', 'night'], attrs: { height: 3.5, poe: true } };

const CHANGES: readonly (readonly [what: string, change: MetadataChange, after: DeviceMetadata])[] = [
  ['nothing said changes nothing', {}, BEFORE],
  ['a site takes the place of the other', { site: 'gate' }, { ...BEFORE, site: 'gate' }],
  ['null takes the site away', { site: null }, { tags: BEFORE.tags, attrs: BEFORE.attrs }],
  [
    'tags come and go, each once and in order',
    { tags: { add: ['night', 'door'], remove: ['lab', 'never-there'] } },
    { ...BEFORE, tags: ['door', 'night'] },
  ],
  ['a tag both added and removed is not there', { tags: { add: ['x'], remove: ['x'] } }, BEFORE],
  [
    'attributes are set one by one, and null takes one away',
    { attrs: { poe: null, board: 'rpi5', constructor: 1 } },
    { ...BEFORE, attrs: { board: 'rpi5', constructor: 1, height: 3.5 } },
  ],
];
for (const [what, change, after] of CHANGES)
  test(what, () => assert.deepEqual(changeMetadata(BEFORE, change), after));

const many = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

test('a device has a bounded number of tags and attributes', () => {
  const none: DeviceMetadata = { tags: [], attrs: {} };
  const refused = { code: 'REQUEST_INVALID', message: /at most/ };
  assert.equal(changeMetadata(none, { tags: { add: many(32) } }).tags.length, 32);
  assert.throws(() => changeMetadata(BEFORE, { tags: { add: many(31) } }), refused);
  const attrs = Object.fromEntries(many(65).map((name) => [name, 1]));
  assert.throws(() => changeMetadata(none, { attrs }), refused);
});
