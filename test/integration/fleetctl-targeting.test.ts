import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { runFleetctl } from '../../fleet-server/src/cli/run-fleetctl.ts';
import { bundleRecord } from '../support/fleet-data.ts';
import { type FleetctlAccess, fleetctl, fleetctlInTerminal } from '../support/fleetctl.ts';
import { makeDevice } from '../support/http-data.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

const execute = promisify(execFile);
let world: HttpWorld;
let folder = '';
let env: FleetctlAccess;
before(async () => {
  world = await createHttpWorld();
  world.fleet.set(makeDevice('box-2', { connection: 'lost' }));
  folder = world.folder;
  env = await world.listen();
});
after(() => world.close());

const run = (...args: readonly string[]) => fleetctlInTerminal(args, env);
async function done(...args: readonly string[]): Promise<string> {
  const { status, out, error } = await run(...args);
  assert.equal(status, 0, error);
  return out;
}

test('a site is set, changed by what is given, and deleted', async () => {
  assert.match((await run('site', 'set', 'bcn-2')).error, /--timezone.*\[USAGE\]/);
  await done('site', 'set', 'bcn-2', '--timezone', 'Europe/Madrid', '--position', '41.39,2.17');
  assert.equal(
    await done('site', 'set', 'bcn-2', '--name', 'Second park', '--address', 'Carrer de les Glòries 1'),
    'site bcn-2: Second park, Europe/Madrid, 0 devices',
  );
  const [site] = JSON.parse(await done('site', 'list', '--json')).sites;
  assert.deepEqual([site.lat, site.lon, site.name], [41.39, 2.17, 'Second park']);
  assert.match(await done('site', 'list'), /^SITE.*\nbcn-2 +Second park +Europe\/Madrid +0 +Carrer/);
  assert.match((await run('site', 'set', 'bcn-2', '--timezone', 'Mars/Base')).error, /REQUEST_INVALID/);
  assert.equal(await done('site', 'delete', 'bcn-2'), 'site bcn-2 is deleted');
  assert.match((await run('site', 'delete', 'bcn-2')).error, /NOT_FOUND/);
});

test('a device is described, and found by what is said of it', async () => {
  await done('site', 'set', 'bcn-1', '--timezone', 'Europe/Madrid');
  await done('device', 'set-site', 'box-1', 'bcn-1');
  await done('device', 'tag', 'box-1', 'night', 'lab');
  assert.equal(
    await done('device', 'set-attr', 'box-1', 'height=3.5', 'shelf="7"', 'poe=true', 'never-'),
    'box-1: site bcn-1; tags lab, night; height=3.5 poe=true shelf="7"',
  );
  assert.match(
    await done('device', 'show', 'box-1'),
    /site +bcn-1\n +tags +lab, night\n +attributes +height=3.5 poe=true shelf="7"/,
  );
  assert.match(
    await done('device', 'list', '--filter', 'tag:lab'),
    /^DEVICE.*\nbox-1 +ready +bcn-1 +lab, night/,
  );
  assert.doesNotMatch(await done('device', 'list', '--filter', 'attrs.height > 4'), /box/);
  await done('device', 'untag', 'box-1', 'lab', 'night');
  assert.equal(await done('device', 'set-attr', 'box-1', 'height-', 'shelf-', 'poe-'), 'box-1: site bcn-1');
  assert.equal(await done('device', 'set-site', 'box-1', '--none'), 'box-1: nothing is said of it');
  assert.match((await run('device', 'set-site', 'box-1', 'nowhere')).error, /nowhere.*\[NOT_FOUND\]/);
  await done('site', 'delete', 'bcn-1');
});

test('groups and filters are made, shown with their devices, and deleted', async () => {
  assert.equal(
    await done('group', 'create', 'pilot', '--device', 'box-2', '--device', 'box-1'),
    'group pilot: 2 devices may be given orders',
  );
  const filter = 'group:pilot and connection == "lost"';
  await done('group', 'create', 'dark', '--filter', filter, '--description', 'silent pilots');
  assert.match(
    await done('group', 'list'),
    /dark +1 +group:pilot and .* silent pilots\npilot +2 +2 devices by/,
  );
  assert.match(await done('group', 'show', 'dark'), /; silent pilots\n1 device:\nDEVICE.*\nbox-2 +lost/);
  assert.match((await run('group', 'delete', 'pilot')).error, /group dark.*\[IN_USE\]/);
  await done('filter', 'save', 'silent', filter);
  assert.match(await done('filter', 'list'), /silent +group:pilot and/);
  assert.match(await done('filter', 'show', 'silent'), /1 device:\n.*\nbox-2/);
  assert.match(await done('device', 'list', '--saved', 'silent'), /^DEVICE.*\nbox-2/);
  assert.match(await done('filter', 'preview', 'has id', '--limit', '1'), /^2 devices, the first 1:/);
  const wrong = await run('filter', 'preview', 'site == "x" tag:lab');
  assert.equal(wrong.status, 1);
  assert.match(wrong.error, /character 13: .*\[FILTER_INVALID\]/);
  await done('filter', 'delete', 'silent');
  await done('group', 'delete', 'dark');
  await done('group', 'delete', 'pilot');
});

const FLEET = `version: 1
sites:
  gate: { name: Gate, timezone: Europe/Madrid }
devices:
  box-1:
    site: gate
    tags: [outdoor]
    attrs: { height: 3.5 }
groups:
  outdoor: { filter: 'tag:outdoor and group:old' }
  old: { devices: [box-1] }
filters:
  dark: { filter: 'connection == "lost"' }
policies:
  careful: { soakSeconds: 3600, onError: rollback }
`;

test('a file is shown, applied, and applied again for nothing', async () => {
  const path = join(folder, 'fleet.yaml');
  await writeFile(path, FLEET);
  const dry = await run('apply', '-f', path, '--dry-run');
  assert.equal(dry.status, 0, dry.error);
  assert.equal(dry.out, '5 to add, 1 to change, 0 to remove; nothing was changed');
  assert.deepEqual(dry.progress.slice(0, 6), [
    '+ site gate',
    '    + name: "Gate"',
    '    + timezone: "Europe/Madrid"',
    '~ device box-1',
    '    + attrs.height: 3.5',
    '    + site: "gate"',
  ]);
  assert.match((await run('apply', '-f', path)).error, /--yes is missing.*\[USAGE\]/);
  assert.equal(await done('apply', '-f', path, '--yes'), 'done: 5 to add, 1 to change, 0 to remove');
  assert.equal(await done('apply', '-f', path), 'nothing to do');
  assert.match(await done('group', 'show', 'outdoor'), /1 device:\n.*\nbox-1 +ready +gate +outdoor/);

  assert.match(await done('policy', 'list'), /careful +0.9 +0.1 +3600 s +rollback/);
  assert.match(
    await done('policy', 'show', 'careful'),
    /^policies:\n {2}careful:\n(?: .*\n)* +soakSeconds: 3600/,
  );
  await done('filter', 'save', 'other', 'tag:other');
  await writeFile(path, FLEET.replace('3.5', '4'));
  const pruned = JSON.parse(await done('apply', '-f', path, '--yes', '--prune', '--json'));
  assert.deepEqual(
    pruned.changes.map(({ verb, id }: { verb: string; id: string }) => `${verb} ${id}`),
    ['change box-1', 'remove other'],
  );
  assert.equal(JSON.parse(await done('apply', '-f', path, '--prune', '--json')).applied, true);
});

test('a wanted model becomes a rollout of its name, once for each version', async () => {
  const path = join(folder, 'models.yaml');
  const write = (version: string) =>
    writeFile(
      path,
      `version: 1\nmodels:\n  park: { version: ${version}, filter: 'tag:outdoor', policy: careful }\n`,
    );
  for (const version of ['1.0.0', '1.1.0']) await world.store.bundles.add(bundleRecord(version));
  await write('petpark@1.0.0');
  assert.equal(await done('apply', '-f', path, '--yes'), 'done: 1 to add, 0 to change, 0 to remove');
  assert.equal(await done('apply', '-f', path), 'nothing to do');
  await write('petpark@1.1.0');
  const { out, progress } = await run('apply', '-f', path, '--yes');
  assert.equal(out, 'done: 0 to add, 1 to change, 0 to remove');
  assert.deepEqual(progress, [
    '~ model park',
    '    - version: "petpark@1.0.0"',
    '    + version: "petpark@1.1.0"',
  ]);
  const { rollouts } = await world.store.rollouts.list({ limit: 9 });
  assert.deepEqual(
    rollouts.map(({ name, version, filter, policy }) => [name, version, filter, policy.soakSeconds]),
    [
      ['park', '1.1.0', 'tag:outdoor', 3600],
      ['park', '1.0.0', 'tag:outdoor', 3600],
    ],
  );
  await write('petpark@9.9.9');
  assert.match((await run('apply', '-f', path, '--yes')).error, /models\.park: .*9\.9\.9/);
});

test('a policy is forgotten', async () => {
  assert.equal(await done('policy', 'delete', 'careful'), 'policy careful is forgotten');
  assert.match((await run('policy', 'show', 'careful')).error, /NOT_FOUND/);
});

test('a person is asked before a file is applied', async () => {
  const path = join(folder, 'asked.yaml');
  await writeFile(path, 'version: 1\nfilters:\n  asked: { filter: has id }\n');
  const out: string[] = [];
  const questions: string[] = [];
  for (const answer of [false, true])
    await runFleetctl(['apply', '--file', path], {
      env,
      out: (line) => void out.push(line),
      error: assert.fail,
      progress: () => undefined,
      confirm: async (question) => {
        questions.push(question);
        return answer;
      },
    });
  assert.deepEqual(out, ['nothing was changed', 'done: 1 to add, 0 to change, 0 to remove']);
  assert.match(questions[0] ?? '', /1 to add.*Go on\?/);
});

for (const [what, text, says] of [
  ['no YAML', 'version: 1\nsites: [\n', /line 3/],
  ['an unknown key', 'version: 1\nrooms: {}\n', /:2: rooms: is not a known key/],
  ['no version', 'sites: {}\n', /version/],
  [
    'a wrong value',
    'version: 1\nsites:\n  gate: { name: 5, timezone: UTC }\n',
    /:3: sites\.gate\.name: must be string/,
  ],
  ['a wrong name', 'version: 1\nsites:\n  Gate: { name: x, timezone: UTC }\n', /sites.*Gate/],
  [
    'a stranger',
    'version: 1\ndevices:\n  box-1: {}\n  box-9: {}\n',
    /:4: devices\.box-9: there is no device/,
  ],
] as const)
  test(`a file with ${what} is refused at its place`, async () => {
    const path = join(folder, 'wrong.yaml');
    await writeFile(path, text);
    const { status, error } = await run('apply', '-f', path, '--yes');
    assert.equal(status, 1);
    assert.match(error, says);
    assert.match(error, /\[FLEET_FILE_INVALID\]/);
  });

test('bash completes commands of one word to three, and the options of each', async () => {
  const script = join(folder, 'completion.bash');
  await writeFile(script, await completionFor('bash'));
  const complete = async (...words: readonly string[]): Promise<readonly string[]> => {
    const program = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _fleetctl; declare -p COMPREPLY';
    const { stdout } = await execute('bash', ['-c', program, script, 'fleetctl', ...words]);
    return [...stdout.matchAll(/\]="([^"]*)"/g)].map((match) => match[1] ?? '');
  };
  assert.deepEqual(await complete('app'), ['apply']);
  assert.deepEqual(await complete('device', 'set-'), ['set-attr', 'set-site']);
  assert.deepEqual(await complete('device', 'config', 'h'), ['history']);
  assert.deepEqual(await complete('device', 'list', '--saved', 'x', '--fi'), ['--filter']);
  assert.deepEqual(await complete('device', 'show', 'box-1', '--js'), ['--json']);
});

/** Not `run`: lines of a script may be long. */
async function completionFor(shell: string): Promise<string> {
  const { status, out } = await fleetctl(['completion', shell]);
  assert.equal(status, 0);
  return out;
}

for (const [args, named] of [
  [['device', 'tag', 'box-1'], 'TAG'],
  [['device', 'set-attr', 'box-1', 'height'], 'NAME=VALUE'],
  [['device', 'set-site', 'box-1'], '--none'],
  [['group', 'create', 'g'], '--filter'],
  [['device', 'list', '--filter', 'x', '--saved', 'y'], 'contradict'],
  [['site', 'set', 'x', '--position', 'there'], 'LAT,LON'],
  [['apply'], '--file'],
  [['completion', 'tcsh'], 'tcsh'],
] as const)
  test(`wrong usage is status 2 and names it: fleetctl ${args.join(' ')}`, async () => {
    const { status, error } = await run(...args);
    assert.equal(status, 2);
    assert.ok(error.includes(named) && error.includes('[USAGE]'), error);
  });
