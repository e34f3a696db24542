import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { buildDemoBundle } from '../demo/bundle.ts';
import { findFreePorts } from '../demo/free-ports.ts';
import { ensureParkVideo, type ParkVideo } from '../demo/park-videos.ts';
import { buildPackages } from './build.ts';
import { copyDebian, ensureDebian, keepArchives, whyNoRoot } from './debian-root.ts';
import { execute } from './execute.ts';
import { boot, type Machine, runOffline } from './nspawn-machine.ts';
import { openTryFleet, type TryFleet } from './try-fleet.ts';

const CACHE = fileURLToPath(new URL('../../.cache/roots', import.meta.url));
const BOX = 'try-box';
const NEXT_VERSION = '+next';
const VIDEO = { seed: 11, seconds: 40 };
const LIMIT_MS = 120_000;
const EXPOSURE_MAX = 2.5;
const DATA_DIR = '/var/lib/watchpost';
/** A box that watches its new model is `updating` for minutes. */
const ONLINE = ['ready', 'updating'] as const;
const APT = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends'];

/** What one try works with; later steps know more. */
interface Try {
  readonly state: string;
  readonly root: string;
  readonly ports: readonly [http: number, mqtt: number];
  readonly video: ParkVideo;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** A line for each step, with its time. @throws what the step threw, after its line */
async function step<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const startMs = performance.now();
  const took = (): string => `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
  try {
    const result = await work();
    say(`ok    ${what} (${took()})`);
    return result;
  } catch (error) {
    say(`FAIL  ${what} (${took()})`);
    throw error;
  }
}

async function main(): Promise<number> {
  const reason = whyNoRoot();
  if (reason !== undefined) {
    say(`not tried: ${reason}`);
    return 2;
  }
  const state = await mkdtemp(join(tmpdir(), 'watchpost-try-'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  process.once('exit', () => rmSync(state, { recursive: true, force: true }));
  try {
    const base = await step('a clean Debian 12 is there', () => ensureDebian(CACHE));
    const root = join(state, 'root');
    await step('packages are built, and those of a next version', () => buildTwice(state));
    await copyDebian(base, root);
    const video = await ensureParkVideo(VIDEO.seed, VIDEO.seconds, new AbortController().signal);
    const attempt: Try = { state, root, ports: await findFreePorts(), video };
    await installOffline(attempt);
    await keepArchives(root, base);
    await liveThrough(attempt);
    return 0;
  } catch (error) {
    say(String(error instanceof Error ? error.message : error));
    return 1;
  }
}

async function buildTwice(state: string): Promise<void> {
  const programs = ['agent', 'server'] as const;
  const folder = join(state, 'debs');
  const request = { programs, architectures: ['amd64'] as const, isPacked: false };
  await buildPackages({ ...request, folder: join(folder, 'now'), version: undefined }, () => undefined);
  const { version } = JSON.parse(
    await readFile(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
  ) as { readonly version: string };
  const next = `${version}${NEXT_VERSION}`;
  await buildPackages({ ...request, folder: join(folder, 'next'), version: next }, () => undefined);
}

/** Lays the packages into the root. @returns their paths inside */
async function bring({ state, root }: Try, which: 'now' | 'next'): Promise<readonly string[]> {
  const from = join(state, 'debs', which);
  const names = (await execute('ls', [from])).trim().split('\n');
  await mkdir(join(root, 'srv/debs'), { recursive: true });
  for (const name of names) await copyFile(join(from, name), join(root, 'srv/debs', name));
  return names.map((name) => `/srv/debs/${basename(name)}`);
}

async function installOffline(attempt: Try): Promise<void> {
  const { root, ports, video } = attempt;
  const packages = await bring(attempt, 'now');
  await step('both install without a systemd that runs, with what they depend on from Debian', async () => {
    await runOffline(root, 'apt-get', 'update', '-qq');
    await runOffline(root, 'env', 'DEBIAN_FRONTEND=noninteractive', ...APT, ...packages);
  });
  await step('their units are enabled, and the data belong to their own users', async () => {
    for (const unit of ['watchpost-agent', 'watchpost-provision', 'watchpost-server'])
      assert.match(await runOffline(root, 'systemctl', 'is-enabled', `${unit}.service`), /^enabled/);
    const owners = await runOffline(root, 'stat', '-c', '%U:%a', DATA_DIR, `${DATA_DIR}-server`);
    assert.equal(owners.trim(), 'watchpost:750\nwatchpost-server:750');
  });
  const [http, mqtt] = ports;
  await writeFile(
    join(root, 'etc/default/watchpost-server'),
    `SERVER_FLAGS="--http-port ${http} --mqtt-port ${mqtt}"\n`,
  );
  await copyFile(video.file, join(root, 'srv/clip.mp4'));
}

async function liveThrough(attempt: Try): Promise<void> {
  const { root, state, ports, video } = attempt;
  let machine = await step('it boots; the agent waits for its enrolment', () => bootFresh(root));
  try {
    const fleet = await step('the server serves', () => awaitServer(attempt, machine));
    const { digest, root: trusted } = await step('a model is validated by the packaged agent, released', () =>
      buildDemoBundle(state, undefined, video).then(fleet.release),
    );
    await writeProvisioning(root, fleet, trusted);
    await machine.stop();
    machine = await step(`it boots again, with a provisioning file (port ${ports[0]})`, () => boot(root));
    await step('the box has enrolled itself, and the file is gone', () => awaitEnrolled(root, machine));
    await step('the agent is ready in the eyes of systemd, as user watchpost', () => awaitReady(machine));
    await fleet.deploy(BOX, digest);
    await step('it classifies a camera, as the server sees it', () => awaitClassified(fleet, machine, 0));
    await step('systemd has nothing to say about the units; exposure is at most 2.5', () =>
      checkUnits(machine),
    );
    await upgrade(attempt, machine, fleet);
    await step('an agent that hangs is ended by the watchdog, and started again', () => hang(machine));
    await step('it starts and classifies without the server', () => restartAlone(machine));
    await removeAndPurge(root, machine);
  } catch (error) {
    const log = await machine
      .run('journalctl', '-n', '40', '-o', 'cat', '--no-pager', '-u', 'watchpost-*')
      .catch(() => '');
    say(log.trim());
    throw error;
  } finally {
    await machine.stop();
  }
}

async function bootFresh(root: string): Promise<Machine> {
  const machine = await boot(root);
  const state = await machine.run('sh', '-c', 'systemctl is-active watchpost-agent.service || true');
  assert.equal(state.trim(), 'inactive');
  return machine;
}

async function awaitServer({ root, state, ports }: Try, machine: Machine): Promise<TryFleet> {
  const dataDir = join(root, `${DATA_DIR}-server`);
  await machine.until('the server made its password and its authority', LIMIT_MS, async () =>
    ['admin-password', 'ca.crt'].every((name) => existsSync(join(dataDir, name))),
  );
  const fleet = await openTryFleet(`https://127.0.0.1:${ports[0]}`, dataDir, state);
  await machine.until('the server answers', LIMIT_MS, async () => (await fleet.find(BOX)) === undefined);
  return fleet;
}

async function writeProvisioning(root: string, fleet: TryFleet, trusted: string): Promise<void> {
  const content = {
    token: await fleet.newToken(),
    server: { url: fleet.url, ca: fleet.ca },
    trust: { root: trusted },
    device: { id: BOX },
    cameras: [{ id: 'gate', file: '/srv/clip.mp4', loop: true }],
  };
  await mkdir(join(root, 'boot/firmware'), { recursive: true });
  await writeFile(join(root, 'boot/firmware/watchpost.yaml'), stringify(content), { mode: 0o600 });
}

async function awaitEnrolled(root: string, machine: Machine): Promise<void> {
  await machine.until('an identity is there', LIMIT_MS, async () =>
    existsSync(join(root, DATA_DIR, 'identity/identity.json')),
  );
  await machine.until(
    'the provisioning file is gone',
    LIMIT_MS,
    async () => !existsSync(join(root, 'boot/firmware/watchpost.yaml')),
  );
  const owner = await machine.run('stat', '-c', '%U', `${DATA_DIR}/identity/device-key.pem`);
  assert.equal(owner.trim(), 'watchpost');
}

async function awaitReady(machine: Machine): Promise<void> {
  await machine.until('the agent is active', LIMIT_MS, async () =>
    (await show(machine, 'ActiveState')).includes('=active'),
  );
  assert.match(await show(machine, 'Type'), /=notify/);
  const user = await machine.run('stat', '-c', '%U', `/proc/${await mainPid(machine)}`);
  assert.equal(user.trim(), 'watchpost');
}

const show = (machine: Machine, property: string): Promise<string> =>
  machine.run('systemctl', 'show', 'watchpost-agent.service', '-p', property);

const mainPid = async (machine: Machine): Promise<string> =>
  (await show(machine, 'MainPID')).split('=')[1]?.trim() ?? '';

async function awaitClassified(fleet: TryFleet, machine: Machine, after: number): Promise<number> {
  let total = 0;
  await machine.until('frames are classified', LIMIT_MS, async () => {
    const box = await fleet.find(BOX);
    total = box?.cameras[0]?.stats?.processedTotal ?? 0;
    return ONLINE.some((state) => state === box?.connection) && total > after;
  });
  return total;
}

async function checkUnits(machine: Machine): Promise<void> {
  for (const unit of ['watchpost-agent', 'watchpost-provision', 'watchpost-server']) {
    const said = await machine.run('sh', '-c', `systemd-analyze verify ${unit}.service 2>&1`);
    assert.doesNotMatch(said, /watchpost/);
    const report = await machine.run('systemd-analyze', 'security', '--no-pager', `${unit}.service`);
    const exposure = /exposure level for .*: ([\d.]+)/.exec(report)?.[1];
    say(`      ${unit}: ${exposure}`);
    assert.ok(Number(exposure) <= EXPOSURE_MAX);
  }
}

async function upgrade(attempt: Try, machine: Machine, fleet: TryFleet): Promise<void> {
  const kept = [
    join(DATA_DIR, 'identity/identity.json'),
    '/etc/watchpost/agent.yaml',
    '/etc/watchpost/ca.crt',
  ];
  const readKept = (): Promise<readonly string[]> =>
    Promise.all(kept.map((path) => readFile(join(attempt.root, path), 'utf8')));
  const before = await readKept();
  const pid = await mainPid(machine);
  const packages = await bring(attempt, 'next');
  await step('an upgrade restarts the agent and keeps what the box is', async () => {
    await machine.run('env', 'DEBIAN_FRONTEND=noninteractive', ...APT, ...packages.filter(isNext));
    assert.deepEqual(await readKept(), before);
    await machine.until('the new agent is active', LIMIT_MS, async () =>
      (await show(machine, 'ActiveState')).includes('=active'),
    );
    assert.notEqual(await mainPid(machine), pid);
  });
  await step('the new version classifies', () => awaitClassified(fleet, machine, 0));
}

const isNext = (path: string): boolean => path.includes(NEXT_VERSION);

async function hang(machine: Machine): Promise<void> {
  const pid = await mainPid(machine);
  await machine.run('systemctl', 'kill', '--kill-whom=main', '--signal=STOP', 'watchpost-agent.service');
  await machine.until('another agent is active', LIMIT_MS, async () => {
    const isActive = (await show(machine, 'ActiveState')).includes('=active');
    return isActive && (await mainPid(machine)) !== pid;
  });
  assert.match(await show(machine, 'NRestarts'), /=1$/m);
}

async function restartAlone(machine: Machine): Promise<void> {
  await machine.run('systemctl', 'stop', 'watchpost-server.service');
  await machine.run('systemctl', 'restart', 'watchpost-agent.service');
  const pid = await mainPid(machine);
  await machine.until('an event is decided', LIMIT_MS, async () =>
    (await machine.run('journalctl', '-o', 'cat', `_PID=${pid}`)).includes('"msg":"event"'),
  );
}

async function removeAndPurge(root: string, machine: Machine): Promise<void> {
  const apt = (what: 'remove' | 'purge'): Promise<string> =>
    machine.run(
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      ...['apt-get', what, '-y', '-qq', 'watchpost-agent', 'watchpost-agent-tfjs', 'watchpost-server'],
    );
  await step('removing stops it and keeps the data', async () => {
    await apt('remove');
    assert.ok(existsSync(join(root, DATA_DIR, 'identity/identity.json')));
    assert.ok(existsSync(join(root, 'etc/watchpost/agent.yaml')));
    assert.equal(existsSync(join(root, 'usr/lib/watchpost')), false);
    assert.match(await machine.run('sh', '-c', 'systemctl is-active watchpost-agent || true'), /^inactive/);
  });
  await step('purging leaves nothing behind', async () => {
    await apt('purge');
    const places = ['/etc', '/usr', '/var/lib', '/opt'];
    const found = await machine.run('find', ...places, '-iname', '*watchpost*');
    assert.equal(found.trim(), '');
  });
}

process.exitCode = await main();
