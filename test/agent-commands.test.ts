import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { OWN_COMMANDS, SETTINGS_COMMANDS } from '../agent/src/cli/commands.ts';
import { ROOT } from './support/imports.ts';

const exec = promisify(execFile);
const run = (...args: readonly string[]) => exec(process.execPath, [join(ROOT, 'agent/src/cli.ts'), ...args]);

let dataDir = '';
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'watchpost-commands-'));
});
after(() => rm(dataDir, { recursive: true, force: true }));

for (const name of [...Object.keys(SETTINGS_COMMANDS), ...Object.keys(OWN_COMMANDS)]) {
  test(`watchpost-agent ${name} has --help and --json, and the overview names it`, async () => {
    const { stdout, stderr } = await run(name, '--json', '--help');
    assert.equal(stderr, '');
    assert.ok(stdout.length > 200);
    assert.deepEqual(
      stdout.split('\n').filter((line) => line.length > 100),
      [],
    );
    assert.match(stdout, /--json/);
    assert.match((await run('--help')).stdout, new RegExp(`^ {2}watchpost-agent ${name} `, 'm'));
  });
}

test('a command that is none is wrong use, whatever it is called', async () => {
  for (const name of ['stand', 'toString']) {
    await assert.rejects(run(name), (error: Error & { code?: number; stderr?: string }) => {
      assert.equal(error.code, 2);
      assert.match(error.stderr ?? '', new RegExp(`no command "${name}"`));
      return true;
    });
  }
});

test('the fingerprint of a box is told as a line, and as JSON', async () => {
  const settings = ['--set', `dataDir=${dataDir}`, '--set', 'device.id=box-1'];
  const line = (await run('fingerprint', ...settings)).stdout;
  const [deviceId, fingerprint] = line.trim().split(',');
  const json = (await run('fingerprint', ...settings, '--json')).stdout;
  assert.deepEqual(JSON.parse(json), { deviceId, fingerprint });
  assert.equal(deviceId, 'box-1');
});
