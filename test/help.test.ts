import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { COMMANDS } from '@watchpost/fleet-server/cli/commands.ts';
import { formatHelp, formatOverview } from '@watchpost/fleet-server/cli/help.ts';
import { ROOT } from './support/imports.ts';

const run = promisify(execFile);
const tooLong = (text: string): readonly string[] => text.split('\n').filter((line) => line.length > 100);

test('the help of every fleetctl command fits 100 columns', async () => {
  assert.deepEqual(tooLong(formatOverview(COMMANDS)), []);
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    assert.deepEqual(tooLong(formatHelp(name, await load())), [], name);
  }
});

for (const program of [
  'agent/src/cli.ts',
  'fleet-server/src/server-cli.ts',
  'scripts/demo.ts',
  'scripts/attacks.ts',
  'scripts/faults.ts',
  'scripts/soak.ts',
  'scripts/package.ts',
  'scripts/simulate.ts',
  'scripts/bench.ts',
]) {
  test(`the help of ${program} fits 100 columns and ends well`, async () => {
    const { stdout } = await run(process.execPath, [join(ROOT, program), '--help']);
    assert.ok(stdout.length > 200);
    assert.deepEqual(tooLong(stdout), []);
  });
}
