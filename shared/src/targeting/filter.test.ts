import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  COMPARISONS,
  DEVICE_FIELDS,
  type Filter,
  type FilteredDevice,
  formatFilter,
  listGroupsOf,
} from './filter.ts';
import { matchesFilter } from './filter-match.ts';
import { parseFilter } from './filter-parser.ts';

const GATE: FilteredDevice = {
  id: 'gate-3',
  site: 'bcn-1',
  arch: 'arm64',
  cores: 4,
  agentVersion: '0.10.0',
  model: 'pets',
  tags: ['outdoor', 'night'],
  groups: ['pilot'],
  attrs: {
    board: 'rpi5',
    poe: true,
    'mount.height': 3.5,
    'owner name': "O'Hara",
    hwVersion: 1.5,
    inversion: -3,
  },
};

const MATCHES: readonly (readonly [filter: string, isMatch: boolean])[] = [
  ['site == "bcn-1"', true],
  ["site == 'bcn-1' and attrs.board in ('rpi5','n100') and not tag:lab", true],
  ['site == "bcn-2" or tag:outdoor and cores >= 4', true],
  ['(site == "bcn-2" or tag:outdoor) and cores > 4', false],
  ['attrs.poe == true', true],
  ['attrs.poe == "true"', false],
  ['attrs.mount.height < 4', true],
  ['attrs.nothing == 1', false],
  ['attrs.nothing != 1', true],
  ['attrs.nothing in (1, 2)', false],
  ['has attrs.nothing', false],
  ['has version', false],
  ['not has version', true],
  ['attrs.toString == "x" or has attrs.constructor', false],
  ['agentVersion >= "0.9.3"', true],
  ['agentVersion < "0.10.0-rc1"', false],
  ['agentVersion > "0.10.0-rc1"', true],
  ['agentVersion < "0.10"', false],
  ['agentVersion ~ "0.*.0"', true],
  ['attrs.hwVersion > 1.25 and attrs.hwVersion < 1.75', true],
  ['attrs.inversion > -5', true],
  ['attrs.hwVersion > "1.25"', false],
  ['id ~ "gate-*" and id ~ "*-3" and id ~ "*"', true],
  ['id ~ "*gate*gate*"', false],
  ['id ~ "gate"', false],
  ['site not in ("bcn-1", "bcn-2")', false],
  ['not (tag:outdoor and tag:night)', false],
  ['not not tag:night', true],
  ['group:pilot and not group:lab', true],
  ['group:lab or group:pilot-2', false],
];

for (const [filter, isMatch] of MATCHES) {
  test(`${filter} ${isMatch ? 'matches' : 'does not match'} the box at the gate`, () => {
    assert.equal(matchesFilter(parseFilter(filter), GATE), isMatch);
  });
}

const MISTAKES: readonly (readonly [filter: string, says: RegExp])[] = [
  ['', /character 1: expected a field .* found the end/],
  ['site = "x"', /character 6: this cannot be read: = "x"/],
  ['site == bcn', /character 9: expected a value: .* found "bcn"/],
  ['sites == "x"', /character 1: expected a field \(id, site, .*\), found "sites"/],
  ['site == "x', /character 9: a text without its end/],
  ['site == "x" tag:lab', /character 13: expected "and", "or" or the end, found "lab"/],
  ['(site == "x"', /character 13: expected "\)", found the end/],
  ['attrs.board in "x"', /character 16: expected "\("/],
  ['attrs.board in ()', /character 17: expected a value/],
  ['site not "x"', /character 10: expected "in"/],
  ['cores ~ 4', /character 9: expected a pattern in quotes/],
  ['group:Pilot', /character 6: this cannot be read: :Pilot/],
  ['site == "\\x"', /character 9: .* escape/],
  [`${'('.repeat(40)}tag:x${')'.repeat(40)}`, /nested deeper than 32/],
  [`site == "${'x'.repeat(5000)}"`, /at most 4096 characters/],
];

for (const [filter, says] of MISTAKES) {
  test(`"${filter.slice(0, 40)}" is refused with its place`, () => {
    assert.throws(
      () => parseFilter(filter),
      (error: Error & { readonly code?: string }) => {
        assert.equal(error.code, 'FILTER_INVALID');
        assert.match(error.message, says);
        return true;
      },
    );
  });
}

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/);
const field = fc.oneof(
  fc.constantFrom(...DEVICE_FIELDS),
  name.map((it) => `attrs.${it}`),
);
const value = fc.oneof(fc.string(), fc.integer(), fc.boolean());
const filters = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    name.map((tag): Filter => ({ kind: 'tag', tag })),
    name.map((it): Filter => ({ kind: 'group', group: it.toLowerCase().replaceAll('_', '-') })),
    field.map((it): Filter => ({ kind: 'has', field: it })),
    fc.tuple(field, fc.constantFrom(...COMPARISONS), value).map(
      ([of, operator, operand]): Filter => ({
        kind: 'compare',
        field: of,
        operator,
        value: operator === '~' ? String(operand) : operand,
      }),
    ),
    fc
      .tuple(field, fc.array(value, { minLength: 1, maxLength: 3 }))
      .map(([of, values]): Filter => ({ kind: 'in', field: of, values })),
    tie('filter').map((of): Filter => ({ kind: 'not', of })),
    fc
      .tuple(
        fc.constantFrom('all' as const, 'any' as const),
        fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
      )
      .map(([kind, of]): Filter => ({ kind, of })),
  ),
})).filter;

test('the groups a filter speaks of are named once, wherever they stand', () => {
  const filter = parseFilter('group:a and not (tag:x or group:b or group:a) or site == "group:c"');
  assert.deepEqual(listGroupsOf(filter), ['a', 'b']);
});

test('a filter that is written out is read as the same filter', () => {
  fc.assert(
    fc.property(filters, (filter) => {
      assert.deepEqual(parseFilter(formatFilter(filter)), filter);
    }),
  );
});

test('whatever is typed is a filter or a coded error', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 60, unit: fc.constantFrom(...'ab"\'\\ ()=!<>~,.:-1 tagorndhsite') }),
      (text) => {
        try {
          parseFilter(text);
        } catch (error) {
          assert.equal((error as { readonly code?: string }).code, 'FILTER_INVALID');
        }
      },
    ),
  );
});
