// Makes a fresh clone ready: node_modules from the lock file, and the Debian programs that are missing.
// Plain JavaScript without dependencies: it runs on whatever Node (>= 18) the machine has.
// usage: node scripts/setup.mjs [program ...]     programs beyond ffmpeg, for example chromium
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const STAMP = join(ROOT, 'node_modules', '.watchpost-setup');
const MINIMUM_NODE = 18;
/** Program -> Debian package. */
const PACKAGES = {
  ffmpeg: 'ffmpeg',
  chromium: 'chromium',
  mosquitto: 'mosquitto',
  fswebcam: 'fswebcam',
  debootstrap: 'debootstrap',
  'systemd-nspawn': 'systemd-container',
};
/** The only dependency whose install script runs: it fetches the Node binary this project is pinned to. */
const SCRIPTED = 'node';

main(process.argv.slice(2));

function main(extraPrograms) {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < MINIMUM_NODE)
    stop(`Node ${process.versions.node} is too old: install Node ${MINIMUM_NODE} or newer.`);
  const wanted = ['ffmpeg', ...extraPrograms];
  const unknown = wanted.find((program) => !(program in PACKAGES));
  if (unknown) stop(`setup knows ${Object.keys(PACKAGES).join(', ')}; not "${unknown}".`);
  installNodeModules();
  installPrograms(wanted.filter((program) => !isOnPath(program)));
}

function installNodeModules() {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  say('installing node_modules from package-lock.json (about a minute) …');
  run('npm', ['ci', '--loglevel=error']);
  say('installing the pinned Node binary …');
  run('npm', ['rebuild', SCRIPTED, '--ignore-scripts=false', '--loglevel=error']);
  writeFileSync(STAMP, lock);
  say('node_modules ready.');
}

function installPrograms(missing) {
  if (missing.length === 0) return;
  const packages = missing.map((program) => PACKAGES[program]);
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const canInstall = process.getuid?.() === 0 && isOnPath('apt-get');
  if (!canInstall)
    stop(
      `missing: ${missing.join(', ')}. Run this once, then try again:\n\n  sudo apt-get update && sudo ${command}\n`,
    );
  say(`installing Debian packages: ${packages.join(', ')} …`);
  run('apt-get', ['update', '-qq'], { optional: true });
  run('apt-get', command.split(' ').slice(1).concat('-qq'));
  say('Debian packages ready.');
}

function run(command, args, { optional = false } = {}) {
  const env = {
    ...process.env,
    PATH: pathWithoutProject(),
    DEBIAN_FRONTEND: 'noninteractive',
  };
  const { status, error } = spawnSync(command, args, { cwd: ROOT, env, stdio: ['ignore', 2, 2] });
  if (status !== 0 && !optional) {
    stop(
      `\`${command} ${args.join(' ')}\` failed${error ? `: ${error.message}` : ` with exit code ${status}`}.`,
    );
  }
}

/** npm must not run on the Node binary it is about to replace. */
function pathWithoutProject() {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !resolve(folder).startsWith(join(ROOT, 'node_modules')))
    .join(delimiter);
}

function isOnPath(program) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && existsSync(join(folder, program)));
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function stop(text) {
  say(text);
  process.exit(1);
}
