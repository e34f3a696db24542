import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import { openBootGuard } from '../../agent/src/watchdog/file-boot-guard.ts';
import type { ProgressSample, ServiceNotifier } from '../../agent/src/watchdog/port.ts';
import { createSystemdNotify } from '../../agent/src/watchdog/systemd-notify.ts';
import { createWatchdog } from '../../agent/src/watchdog/watchdog.ts';
import { openNotifySocket } from '../support/notify-socket.ts';
import { until } from '../support/until.ts';

const SIGNAL = new AbortController().signal;
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-watchdog-'));
});
after(() => rm(folder, { recursive: true }));

function notify(env: Readonly<Record<string, string>>, command?: string, log: Logger = silentLogger) {
  return createSystemdNotify({ env, pid: 42, log, ...(command !== undefined && { command }) });
}

test('systemd hears what the agent tells it', async (t: TestContext) => {
  const socket = await openNotifySocket();
  if (socket === undefined) return t.skip('no python3 to listen on a unix datagram socket');
  t.after(() => socket.stop());
  const warnings: object[] = [];
  const log = { ...silentLogger, warn: (facts: object) => void warnings.push(facts) };
  const notifier = notify({ NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '60000000' }, undefined, log);
  notifier.ready();
  notifier.alive();
  notifier.status('4 of 5 cameras,\n  19.8 frames a second');
  notifier.stopping();
  for (const line of ['READY=1', 'WATCHDOG=1', 'STOPPING=1']) await socket.hears(line);
  await socket.hears('STATUS=4 of 5 cameras, 19.8 frames a second');
  assert.equal(socket.heard.length, 4);
  assert.deepEqual(warnings, []);
});

const WATCHED = [
  [
    'systemd watches this process',
    { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '42' },
    60_000,
  ],
  ['systemd names no process', { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '60000000' }, 60_000],
  [
    'systemd watches another process',
    { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '1', WATCHDOG_PID: '7' },
    undefined,
  ],
  ['systemd does not watch', { NOTIFY_SOCKET: '/s' }, undefined],
  ['there is no systemd', { WATCHDOG_USEC: '60000000' }, undefined],
] as const;
for (const [name, env, watchdogMs] of WATCHED) {
  test(`when ${name}, the watchdog time is ${watchdogMs}`, () =>
    assert.equal(notify(env).watchdogMs, watchdogMs));
}

test('without systemd nothing is started, and a missing program is said once', async () => {
  const warnings: object[] = [];
  const log = { ...silentLogger, warn: (facts: object) => void warnings.push(facts) };
  notify({}, '/no/such/program', log).ready();
  const notifier = notify({ NOTIFY_SOCKET: '/s' }, '/no/such/program', log);
  notifier.ready();
  await until('a warning', () => warnings.length > 0);
  notifier.alive();
  notifier.stopping();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(warnings.length, 1);
});

/** A notifier that remembers, with a watchdog that looks every few milliseconds. */
function watch(look: () => ProgressSample) {
  const told: string[] = [];
  const notifier: ServiceNotifier = {
    watchdogMs: 20,
    ready: () => told.push('ready'),
    stopping: () => told.push('stopping'),
    status: (text) => told.push(text),
    alive: () => told.push('alive'),
  };
  let settled = 0;
  const watchdog = createWatchdog({
    notifier,
    source: { look },
    guard: {
      settle: async () => {
        settled += 1;
      },
    },
    clock: { monotonicMs: () => performance.now() },
    log: silentLogger,
    limits: { steadyMs: 30 },
  });
  return { watchdog, told, settled: () => settled };
}

test('the watchdog is fed while frames are classified, and the start then counts as good', async () => {
  let frames = 0;
  const { watchdog, told, settled } = watch(() => {
    frames += 1;
    return { cameras: [{ isDelivering: true, captured: frames }], model: 'pets 1.0.0', classified: frames };
  });
  await watchdog.start(SIGNAL);
  await until('fed', () => told.filter((word) => word === 'alive').length >= 3 && settled() === 1);
  await watchdog.stop();
  assert.equal(told[0], 'ready');
  assert.equal(told.at(-1), 'stopping');
  assert.match(told.find((word) => word.startsWith('1 of 1')) ?? '', /^1 of 1 cameras, model pets 1\.0\.0, /);
});

test('a start that is told to stop before it is over does not count as good', async () => {
  const sample = { cameras: [], model: undefined, classified: 0 };
  const { watchdog, settled } = watch(() => sample);
  await watchdog.start(AbortSignal.abort());
  await watchdog.stop();
  assert.equal(settled(), 0);
});

test('when frames come and none is classified, the watchdog is not fed', async () => {
  let captured = 0;
  const { watchdog, told, settled } = watch(() => {
    captured += 1;
    return { cameras: [{ isDelivering: true, captured }], model: 'pets 1.0.0', classified: 0 };
  });
  await watchdog.start(SIGNAL);
  await until('looked often', () => captured > 12);
  assert.equal(settled(), 0);
  await watchdog.stop();
  assert.ok(!told.includes('alive'));
  assert.ok(told.some((word) => word.includes('stuck: frames come and none is classified')));
});

const open = (dataDir: string, bootId = 'a') => openBootGuard({ dataDir, log: silentLogger, bootId });

test('after four short lives the start is cautious, until one proves good', async () => {
  const dataDir = join(folder, 'loop');
  const verdicts: string[] = [];
  for (let start = 0; start < 4; start += 1) verdicts.push((await open(dataDir)).verdict);
  assert.deepEqual(verdicts, ['normal', 'normal', 'normal', 'normal']);
  const cautious = await open(dataDir);
  assert.deepEqual([cautious.verdict, cautious.shortLives], ['cautious', 4]);
  await cautious.settle();
  assert.equal((await open(dataDir)).verdict, 'normal');
});

test('a torn record counts as none', async () => {
  const dataDir = join(folder, 'torn');
  for (let start = 0; start < 5; start += 1) await open(dataDir);
  await writeFile(join(dataDir, 'boots.json'), '{"shortLives":["a","a",');
  assert.equal((await open(dataDir)).verdict, 'normal');
  assert.deepEqual(JSON.parse(await readFile(join(dataDir, 'boots.json'), 'utf8')), { shortLives: ['a'] });
});

test('a record that cannot be written keeps nothing from starting', async () => {
  const dataDir = join(folder, 'unwritable');
  await mkdir(join(dataDir, 'boots.json'), { recursive: true });
  const guard = await open(dataDir);
  assert.equal(guard.verdict, 'normal');
  await guard.settle();
});
