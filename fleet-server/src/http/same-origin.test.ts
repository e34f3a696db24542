import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameOrigin, type OriginFacts } from './same-origin.ts';

const cases: readonly (readonly [string, OriginFacts, boolean])[] = [
  ['a program', { host: 'here' }, true],
  ['our page', { host: 'here:8080', origin: 'http://here:8080' }, true],
  ['our page behind a proxy', { host: 'inner', origin: 'http://here', fetchSite: 'same-origin' }, true],
  ['an address typed in', { host: 'here', fetchSite: 'none' }, true],
  ['another port', { host: 'here:8080', origin: 'http://here:9090' }, false],
  ['a sandboxed page', { host: 'here', origin: 'null' }, false],
  ['a page of a neighbour', { host: 'here', origin: 'http://here', fetchSite: 'same-site' }, false],
];
for (const [name, facts, expected] of cases)
  test(`${name} is ${expected ? '' : 'not '}of the same origin`, () => {
    assert.equal(isSameOrigin(facts), expected);
  });
