import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, type TestContext, test } from 'node:test';
import { isClockSynced } from '../../agent/src/kernel/sync-marks.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { ROOT } from '../support/imports.ts';
import { layIdentity, layModel, NOWHERE, runAgent } from '../support/installed-box.ts';
import { openNotifySocket } from '../support/notify-socket.ts';

const DAY_MS = 86_400_000;
const RULES = {
  window: 5,
  enter: 0.6,
  exit: 0.4,
  minVotes: 3,
  minDwellSec: 0,
  cooldownSec: 0,
  rejectBelow: 0.5,
  background: [],
};
let clips: ClipFolder;
let clip = '';
before(async () => {
  clips = await createClipFolder();
  clip = await clips.solid('red', 4);
});
after(() => clips.remove());

/** An enrolled box with a model, a camera, and no network to speak of. */
async function layBox(t: TestContext): Promise<{ readonly dataDir: string; readonly config: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-offline-'));
  t.after(() => rm(dataDir, { recursive: true }));
  await layIdentity(dataDir);
  await layModel(dataDir, { decision: RULES });
  const config = join(dataDir, 'agent.yaml');
  const settings = {
    dataDir,
    server: { url: `https://${NOWHERE}` },
    cameras: [{ id: 'gate', file: clip, loop: true, fps: 10 }],
  };
  await writeFile(config, JSON.stringify(settings));
  return { dataDir, config };
}

const CLOCKS = [
  ['at 1970', -Date.now() + 5_000],
  ['a day back', -DAY_MS],
  ['a day ahead', DAY_MS],
] as const;
for (const [name, shiftMs] of CLOCKS) {
  test(`a box without network, without server and with its clock ${name} classifies`, async (t) => {
    const { config, dataDir } = await layBox(t);
    const lastSeen = String(Date.now());
    await writeFile(join(dataDir, 'last-seen-time'), lastSeen);
    const agent = runAgent({
      config,
      nodeArgs: ['--import', join(ROOT, 'test/fixtures/shifted-clock.ts')],
      env: { CLOCK_SHIFT_MS: String(shiftMs) },
    });
    t.after(() => agent.child.kill('SIGKILL'));
    const event = await agent.logs('event');
    assert.deepEqual([event.camera, event.type, event.label], ['gate', 'new', 'red']);
    assert.ok(Math.abs(Number(event.tsMs) - Date.now() - shiftMs) < 60_000, 'its clock is wrong');
    const isWarned = agent.lines.some(({ msg }) => msg === 'the clock shows a time that is over');
    assert.equal(isWarned, shiftMs < 0 && !isClockSynced());
    assert.equal(await agent.stop(), 0);
    const kept = Number(await readFile(join(dataDir, 'last-seen-time'), 'utf8'));
    assert.ok(kept >= Number(lastSeen) || isClockSynced(), 'a clock that was set back takes nothing back');
  });
}

test('systemd hears that the box is ready, that it classifies, and what it does', async (t) => {
  const socket = await openNotifySocket();
  if (socket === undefined) return t.skip('no python3 to listen on a unix datagram socket');
  t.after(() => socket.stop());
  const { config, dataDir } = await layBox(t);
  const agent = runAgent({ config, env: { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '4000000' } });
  t.after(() => agent.child.kill('SIGKILL'));
  await socket.hears('READY=1', 60_000);
  await socket.hears('WATCHDOG=1');
  await socket.hears('STATUS=1 of 1 cameras, model pets 1.0.0, ');
  assert.deepEqual(JSON.parse(await readFile(join(dataDir, 'boots.json'), 'utf8')).shortLives.length, 1);
  assert.equal(await agent.stop(), 0);
  await socket.hears('STOPPING=1');
  assert.deepEqual(JSON.parse(await readFile(join(dataDir, 'boots.json'), 'utf8')), { shortLives: [] });
});

test('after four kills the start is cautious, and the box classifies all the same', async (t) => {
  const { config } = await layBox(t);
  for (let life = 0; life < 4; life += 1) {
    const agent = runAgent({ config });
    await agent.logs('model active');
    agent.child.kill('SIGKILL');
    await once(agent.child, 'exit');
    assert.ok(!agent.lines.some(({ msg }) => msg === 'cautious start'));
  }
  const agent = runAgent({ config });
  t.after(() => agent.child.kill('SIGKILL'));
  assert.equal((await agent.logs('cautious start')).shortLives, 4);
  assert.equal((await agent.logs('event')).label, 'red');
  assert.equal(await agent.stop(), 0);
});

const ENDS = [
  ['a rejection nobody handles', 'rejection', 'agent ends: a bug'],
  ['an exception nobody catches', 'exception', 'agent ends: a bug'],
  ['a part that does not stop', 'stuck', 'agent ends: a part does not stop'],
] as const;
for (const [name, way, message] of ENDS) {
  test(`${name} is logged as fatal once, and ends the agent with 1`, async () => {
    const fixture = join(ROOT, 'test/fixtures/buggy-process.ts');
    const child = spawn(process.execPath, [fixture, way], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    assert.equal(child.exitCode, 1);
    const lines = said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ level, msg }) => [level, msg]),
      [['fatal', message]],
    );
  });
}
