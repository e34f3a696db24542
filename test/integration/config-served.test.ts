import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { DeviceView } from '@watchpost/shared/api/fleet.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { captureChildren } from '../support/capture-children.ts';
import { ROOT } from '../support/imports.ts';
import { startTlsFleet, type TlsFleet } from '../support/tls-fleet.ts';
import { until } from '../support/until.ts';

const DEVICE = 'gate-3';
const run = promisify(execFile);
let clips: ClipFolder;
let fleet: TlsFleet;
let folder = '';
let config = '';
let agent: ChildProcess;
const lines: string[] = [];

before(async () => {
  clips = await createClipFolder();
  fleet = await startTlsFleet();
  folder = await mkdtemp(join(tmpdir(), 'watchpost-configured-'));
  const dataDir = join(folder, 'data');
  const clip = await clips.halves(10);
  await mkdir(join(dataDir, 'media'), { recursive: true });
  await copyFile(clip, join(dataDir, 'media', 'other.mp4'));
  config = await enrolBox(dataDir, clip);
  await startBox();
});
after(async () => {
  await stopBox();
  await fleet.stop();
  await clips.remove();
  await rm(folder, { recursive: true });
});

async function enrolBox(dataDir: string, clip: string): Promise<string> {
  const [caFile, tokenFile, file] = ['ca.crt', 'token', 'agent.yaml'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const { token } = (await (await fleet.call('POST', 'enrolment-tokens', {})).json()) as { token: string };
  await writeFile(caFile, fleet.ca);
  await writeFile(tokenFile, token);
  const cameras = ['a', 'b'].map((id) => ({ id, file: clip, loop: true, fps: id === 'a' ? 7 : 9 }));
  const settings = { dataDir, server: { url: fleet.url, caFile }, device: { id: DEVICE }, cameras };
  await writeFile(file, JSON.stringify(settings));
  const cli = join(ROOT, 'agent/src/cli.ts');
  await run(process.execPath, [cli, 'enrol', '--config', file, '--token-file', tokenFile]);
  return file;
}

async function startBox(): Promise<void> {
  const script = join(ROOT, 'test/support/quick-config-agent.ts');
  agent = spawn(process.execPath, [script, config], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: agent.stdout as NodeJS.ReadableStream }).on('line', (line) => lines.push(line));
}

async function stopBox(): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  agent.kill('SIGTERM');
  await once(agent, 'exit');
}

const device = async (): Promise<DeviceView> =>
  (await fleet.call('GET', `devices/${DEVICE}`)).json() as Promise<DeviceView>;
const onlineIds = async (): Promise<readonly string[]> =>
  (await device()).cameras.flatMap(({ id, status }) => (status?.condition === 'online' ? [id] : []));

async function set(settings: object): Promise<number> {
  const reply = await fleet.call('PUT', `devices/${DEVICE}/config`, { settings });
  const { version } = (await reply.json()) as { version: number };
  return version;
}

async function reported(version: number, state: string) {
  const find = async () => (await device()).config?.reported;
  await until(
    `version ${version} is ${state}: ${lines.at(-1)}`,
    async () => {
      const found = await find();
      return found?.version === version && found.state === state;
    },
    30_000,
  );
  return find();
}

/** The ffmpeg of the camera at this pace. */
const pidOf = async (fps: number): Promise<number | undefined> =>
  (await captureChildren(agent.pid)).find(({ commandLine }) => commandLine.includes(`fps=${fps}:`))?.pid;

const confirmed = (version: number) =>
  until(`version ${version} is confirmed`, () =>
    lines.some(
      (line) => line.includes('settings of the fleet confirmed') && line.includes(`"version":${version}`),
    ),
  );

test('a fleet swaps one camera of a running box, which takes back what would cost it all', async () => {
  await until('both cameras are online', async () => (await onlineIds()).join() === 'a,b', 60_000);
  const pid = await pidOf(9);
  assert.ok(pid);

  const first = await set({
    cameraChanges: { a: { file: 'other.mp4', loop: true, fps: 6 }, c: { file: 'other.mp4', loop: true } },
  });
  assert.equal((await reported(first, 'applied'))?.inForce, first);
  await until('all three are online', async () => (await onlineIds()).join() === 'a,b,c');
  assert.deepEqual([await pidOf(9), await pidOf(7)], [pid, undefined], 'the other camera is not touched');
  await confirmed(first);

  const second = await set({ cameras: [{ id: 'blind', file: 'nothing.mp4' }] });
  const { reason, inForce } = (await reported(second, 'reverted')) ?? {};
  assert.deepEqual([reason, inForce], ['CONFIG_LOST_CAMERAS', first]);
  await until('all three are online again', async () => (await onlineIds()).join() === 'a,b,c');

  await stopBox();
  await startBox();
  await until(
    'the settings hold after a restart',
    async () => (await onlineIds()).join() === 'a,b,c',
    60_000,
  );
  assert.equal((await reported(second, 'reverted'))?.inForce, first);

  await fleet.call('DELETE', `devices/${DEVICE}/config`);
  await until('its own cameras are back', async () => {
    const { cameras, config: standing } = await device();
    return cameras.map(({ id }) => id).join() === 'a,b' && standing?.reported?.inForce === second + 1;
  });
});
