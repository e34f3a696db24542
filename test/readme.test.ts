import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withErrorCodes } from '../scripts/docs/error-codes.ts';
import { ROOT } from './support/imports.ts';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const scripts = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
).scripts;

test('the README lists every error code as the tables have it (`npm run docs` writes it)', () => {
  assert.equal(readme, withErrorCodes(readme));
});

test('every npm script the README names exists', () => {
  const named = [...readme.matchAll(/npm run ([a-z:-]+)/g)].map((match) => match[1] ?? '');
  assert.ok(named.length > 3);
  assert.deepEqual(
    named.filter((name) => scripts[name] === undefined),
    [],
  );
});

test('every file the README links to exists', () => {
  const linked = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? '');
  assert.ok(linked.length > 0);
  assert.deepEqual(
    linked.filter((path) => !existsSync(join(ROOT, path))),
    [],
  );
});
