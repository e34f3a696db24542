import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { buildPackages } from '../../scripts/package/build.ts';
import type { Deb } from '../../scripts/package/deb.ts';

const run = promisify(execFile);
const MB = 1_000_000;
const ARM64_MAX_MB = 160;
/** `systemd-analyze security` counts tenths: 2.5. */
const EXPOSURE_TENTHS_MAX = '25';
const noDpkg = existsSync('/usr/bin/dpkg-deb') ? false : 'dpkg-deb is not installed';
const noSystemd =
  noDpkg || (existsSync('/usr/bin/systemd-analyze') ? false : 'systemd-analyze is not installed');

let folder = '';
const debs: Deb[] = [];
const trees = { agent: '', server: '' };

const debOf = (name: string): Deb => {
  const found = debs.find(({ path }) => path.includes(`/watchpost-${name}`));
  assert.ok(found, name);
  return found;
};

before(async () => {
  if (noDpkg) return;
  folder = await mkdtemp(join(tmpdir(), 'watchpost-deb-'));
  const request = { folder, version: '1.2.3', isPacked: false };
  const build = (program: 'agent' | 'server', architectures: readonly ('amd64' | 'arm64')[]) =>
    buildPackages({ ...request, programs: [program], architectures }, (deb) => debs.push(deb));
  await build('agent', ['amd64', 'arm64']);
  await build('server', ['amd64']);
  for (const name of ['agent', 'server'] as const) {
    trees[name] = join(folder, name);
    await run('dpkg-deb', ['-x', debOf(`${name}_1.2.3_amd64`).path, trees[name]]);
  }
});
after(() => folder !== '' && rm(folder, { recursive: true, force: true }));

const inAgent = (...path: readonly string[]): string => join(trees.agent, 'usr/lib/watchpost/agent', ...path);

test(`the agent takes at most ${ARM64_MAX_MB} MB of an arm64 box, with its Node`, { skip: noDpkg }, (t) => {
  const { installedBytes } = debOf('agent_1.2.3_arm64');
  t.diagnostic(`${(installedBytes / MB).toFixed(1)} MB installed`);
  assert.ok(installedBytes <= ARM64_MAX_MB * MB);
});

test('what a package says of itself is complete', { skip: noDpkg }, async () => {
  const { path } = debOf('agent_1.2.3_arm64');
  const { stdout } = await run('dpkg-deb', ['-f', path]);
  assert.match(stdout, /^Version: 1\.2\.3$/m);
  assert.match(stdout, /^Architecture: arm64$/m);
  assert.match(stdout, /^Depends: .*ffmpeg/m);
  assert.match(stdout, /^Installed-Size: \d{6}$/m);
  assert.doesNotMatch(stdout, /@[A-Z_]+@/);
});

test('everything in a package belongs to root, and only programs can be run', { skip: noDpkg }, async () => {
  const { stdout } = await run('dpkg-deb', ['-c', debOf('agent_1.2.3_amd64').path]);
  const lines = stdout.trim().split('\n');
  assert.deepEqual(
    lines.filter((line) => !line.includes(' root/root ')),
    [],
  );
  const programs = lines.filter((line) => line.startsWith('-rwx')).map((line) => line.split(' ./')[1]);
  assert.deepEqual(programs.sort(), ['usr/bin/watchpost-agent', 'usr/lib/watchpost/agent/node']);
});

test('neither sources nor tests nor other platforms are in it', { skip: noDpkg }, async () => {
  const files = await readdir(inAgent(), { recursive: true });
  const strangers = files.filter((file) => /\.(ts|map|c|cc|dll|dylib)$|arm64|darwin-|musl/.test(file));
  // Loaders of better-sqlite3 for other platforms are a line of JavaScript each.
  assert.deepEqual(
    strangers.filter((file) => !/better-sqlite3\/lib\/[\w-]+\.js$/.test(file)),
    [],
  );
});

test('the Node of the package runs every module of both programs', { skip: noDpkg }, async () => {
  const folders = { agent: ['agent', 'shared'], server: ['fleet-server', 'agent', 'shared'] } as const;
  for (const name of ['agent', 'server'] as const) {
    const root = join(trees[name], 'usr/lib/watchpost', name);
    const code = `
      const { readdirSync } = require('node:fs');
      const { join } = require('node:path');
      (async () => {
        for (const folder of ${JSON.stringify(folders[name])})
          for (const entry of readdirSync(join(${JSON.stringify(root)}, folder, 'src'), { recursive: true }))
            if (entry.endsWith('.js') && !/(^|\\/|-)(cli|fleetctl|inference-child)\\.js$/.test(entry))
              await import(join(${JSON.stringify(root)}, folder, 'src', entry));
        process.exit(0);
      })();`;
    await run(join(root, 'node'), ['-e', code]);
  }
});

test('its command line works, with the profile of a board beneath its settings', {
  skip: noDpkg,
}, async () => {
  const { stdout } = await run(inAgent('node'), [inAgent('agent/src/cli.js'), 'config', '--json'], {
    env: { WATCHPOST_PROFILE: inAgent('boards/raspberry-pi-5.yaml') },
  });
  assert.equal((JSON.parse(stdout) as { inference: { threads: number } }).inference.threads, 2);
});

test('without its package, a model of TensorFlow.js is told to be missing its runtime', {
  skip: noDpkg,
}, async () => {
  const runtime = inAgent('agent/src/inference/tfjs-runtime.js');
  const code = `import(${JSON.stringify(runtime)})
    .then(({ tfjsRuntime }) => tfjsRuntime.load({ runtime: 'tfjs', path: 'none' }))
    .catch(({ code }) => console.log(code));`;
  const { stdout } = await run(inAgent('node'), ['-e', code]);
  assert.equal(stdout, 'RUNTIME_MISSING\n');
});

test('the same commit gives the same bytes', { skip: noDpkg }, async () => {
  const [first] = debs;
  assert.ok(first);
  const again: Deb[] = [];
  await buildPackages(
    {
      programs: ['agent'],
      architectures: ['amd64'],
      folder: join(folder, 'again'),
      version: '1.2.3',
      isPacked: false,
    },
    (deb) => again.push(deb),
  );
  const [before, after] = await Promise.all([first, again[0]].map((deb) => readFile(deb?.path ?? '')));
  assert.ok(before && after && before.equals(after));
});

test('the maintainer scripts are sound shell', { skip: noDpkg }, async () => {
  for (const name of ['agent_1.2.3_amd64', 'server_1.2.3_amd64']) {
    const control = join(folder, `control-${name}`);
    await run('dpkg-deb', ['-e', debOf(name).path, control]);
    for (const script of ['postinst', 'prerm', 'postrm']) {
      assert.match(await readFile(join(control, script), 'utf8'), /^#!\/bin\/sh\nset -e\n/);
      await run('sh', ['-n', join(control, script)]);
    }
  }
});

/** Units whose programs are those of the extracted packages. */
async function unitsInPlace(): Promise<readonly string[]> {
  const place = join(folder, 'units');
  for (const name of ['agent', 'server'] as const)
    await cp(join(trees[name], 'usr/lib/systemd/system'), place, { recursive: true });
  const units = (await readdir(place)).map((name) => join(place, name));
  for (const unit of units) {
    const text = await readFile(unit, 'utf8');
    const inPlace = text.replaceAll(
      /\/usr\/bin\/watchpost-(agent|server)/g,
      (program, name: 'agent' | 'server') => join(trees[name], program),
    );
    await writeFile(unit, inPlace);
  }
  return units;
}

test('systemd finds nothing to say about the units', { skip: noSystemd }, async () => {
  const { stdout, stderr } = await run('systemd-analyze', ['verify', ...(await unitsInPlace())]);
  assert.equal(`${stdout}${stderr}`, '');
});

test('no unit is more exposed than 2.5', { skip: noSystemd }, async (t) => {
  for (const unit of await unitsInPlace()) {
    const threshold = [`--threshold=${EXPOSURE_TENTHS_MAX}`, '--offline=true', '--no-pager'];
    const { stdout } = await run('systemd-analyze', ['security', ...threshold, unit]);
    t.diagnostic(stdout.trim().split('\n').at(-1) ?? '');
  }
});
