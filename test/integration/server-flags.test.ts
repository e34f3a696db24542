import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { describeServerFlags, parseServerFlags } from '@watchpost/fleet-server/config/flags.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { ROOT } from '../support/imports.ts';

test('flags win over defaults, numbers are numbers', () => {
  const config = parseServerFlags(['--http-port', '0', '--fleet', 'bcn']);
  assert.equal(config.httpPort, 0);
  assert.equal(config.fleet, 'bcn');
  assert.equal(config.host, '127.0.0.1');
});

test('every wrong flag is named at once', () => {
  assert.throws(
    () => parseServerFlags(['--http-port', 'x', '--log-level', 'loud', '--fleet', 'A B']),
    (error: unknown) =>
      isAppError(error, 'CONFIG_INVALID') &&
      ['--http-port', '--log-level', '--fleet'].every((flag) => error.message.includes(flag)),
  );
});

test('an unknown flag is refused', () => {
  assert.throws(
    () => parseServerFlags(['--colour', 'red']),
    (error: unknown) => isAppError(error, 'CONFIG_INVALID') && error.message.includes('colour'),
  );
});

for (const [flags, code] of [
  [['--http-port', 'x'], 'CONFIG_INVALID'],
  [['--plain', '--host', '0.0.0.0'], 'PLAIN_REFUSED'],
] as const)
  test(`wrong settings end the server with status 2: ${flags.join(' ')}`, async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-flags-'));
    t.after(() => rm(dataDir, { recursive: true }));
    const program = join(ROOT, 'fleet-server/src/server-cli.ts');
    const started = promisify(execFile)(process.execPath, [program, '--data-dir', dataDir, ...flags]);
    await assert.rejects(started, { code: 2, stderr: new RegExp(`\\[${code}\\]`) });
  });

test('the help names every flag within 100 columns', () => {
  const lines = describeServerFlags().split('\n');
  assert.ok(lines.some((line) => line.includes('--mqtt-port')));
  assert.ok(
    lines.every((line) => line.length <= 100),
    lines.find((line) => line.length > 100),
  );
});
