import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AGENT_VERSION } from '@watchpost/agent/kernel/version.ts';
import { ROOT } from './support/imports.ts';

test('the agent says the version of its package', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'agent/package.json'), 'utf8')) as {
    version: string;
  };
  assert.equal(AGENT_VERSION, version);
});
