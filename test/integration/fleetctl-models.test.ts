import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type FleetctlAccess, fleetctl } from '../support/fleetctl.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { tinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts';

let world: HttpWorld;
let folder = '';
let env: FleetctlAccess;
before(async () => {
  world = await createHttpWorld();
  await world.addUser('quality', ['qa']);
  folder = world.folder;
  await writeFile(join(folder, 'report.txt'), 'It names colours.\n');
  env = await world.listen();
});
after(() => world.close());

/** Runs a command that must succeed. @returns what it said */
async function model(...args: readonly string[]): Promise<string> {
  const { status, out, error } = await fleetctl(['model', ...args], env);
  assert.equal(status, 0, error);
  return out;
}
const failing = async (...args: readonly string[]): Promise<string> => {
  const { status, error } = await fleetctl(['model', ...args], env);
  assert.notEqual(status, 0);
  return error;
};

async function push(version: string): Promise<void> {
  const bundle = tinyBundle({ model: 'colours', version, lineage: { dataVersion: 'palette-7' } });
  const path = await writeTinyBundle(join(folder, version), bundle);
  await model('push', path);
}

const DECISION = ['--decision', 'approve', '--report'];

test('a model is pushed, validated, certified by another, released, named champion and withdrawn', async () => {
  await push('1.0.0');
  assert.match(await model('validate', 'colours@1.0.0'), /is validated\n(?:.*\n)*validation passed/);
  const report = join(folder, 'report.txt');
  assert.match(await failing('certify', 'colours@1.0.0', ...DECISION, report), /CERTIFIER_IS_AUTHOR/);
  const certified = await model('certify', 'colours@1.0.0', ...DECISION, report, '--user', 'quality');
  assert.match(certified, /certified +\S+ by quality: It names colours\./);
  await model('release', 'colours@1.0.0', '--reason', 'spring');
  assert.match(await model('alias', 'colours', 'champion', '1.0.0'), /released +admin +champion/);
  assert.match(await model('history', 'colours'), /champion +- -> 1\.0\.0 +admin/);
  assert.match(await model('show', 'colours'), /colours@1\.0\.0 +released/);
  const shown = JSON.parse(await model('show', 'colours@1.0.0', '--json'));
  assert.equal(shown.lineage.dataVersion, 'palette-7');
  assert.match(await model('withdraw', 'colours@1.0.0'), /is withdrawn/);
  assert.match(await failing('release', 'colours@1.0.0'), /VERSION_STATE/);
  assert.match(await model('archive', 'colours@1.0.0'), /is archived/);
});

test('versions are listed and searched', async () => {
  await push('2.0.0');
  assert.match(await model('list'), /^VERSION.*\n(?:.*\n)*colours@2\.0\.0/);
  assert.match(await model('search', 'palette-7 2.0.0'), /^VERSION.*\ncolours@2\.0\.0[^\n]*$/);
  assert.equal((await model('search', 'zebra')).split('\n').length, 1);
});

test('wrong usage is named', async () => {
  assert.match(await failing('show'), /either NAME or --device/);
  assert.match(await failing('show', 'colours', '--as-of', '2026-01-01'), /--as-of needs --device/);
  assert.match(await failing('show', '--device', 'box-1', '--as-of', 'yesterday'), /not a time/);
  assert.match(await failing('show', '--device', 'box-9'), /NOT_FOUND/);
  assert.match(await failing('release', 'colours'), /NAME@VERSION/);
  assert.match(await failing('certify', 'colours@1.0.0', '--decision', 'perhaps'), /neither approve nor/);
  assert.match(await failing('alias', 'colours'), /expected NAME ALIAS/);
});
