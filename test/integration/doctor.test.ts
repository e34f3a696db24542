import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import type { Check, Report } from '../../agent/src/doctor/port.ts';
import { enrol } from '../../agent/src/identity/enrol.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { HARDWARE } from '../support/fleet-data.ts';
import { createHttpGuard } from '../support/http-guard.ts';
import { ROOT } from '../support/imports.ts';
import { layIdentity, layModel, NOWHERE, runAgent } from '../support/installed-box.ts';
import { startMjpegServer } from '../support/mjpeg-server.ts';
import { startRtspServer } from '../support/rtsp-server.ts';
import { startStillServer } from '../support/still-server.ts';
import { startTlsFleet } from '../support/tls-fleet.ts';

let clips: ClipFolder;
before(async () => {
  clips = await createClipFolder();
});
after(() => clips.remove());

interface Visit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runDoctor(args: readonly string[]): Promise<Visit> {
  const cli = join(ROOT, 'agent/src/cli.ts');
  const child = spawn(process.execPath, [cli, 'doctor', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: child.exitCode, stdout, stderr };
}

/** A new data folder with these settings. */
async function layBox(
  settings: object,
  lay: (dataDir: string) => Promise<void> = async () => undefined,
): Promise<{ readonly dataDir: string; readonly config: string }> {
  const dataDir = await mkdtemp(join(clips.path, 'box-'));
  await lay(dataDir);
  const config = join(dataDir, 'agent.yaml');
  await writeFile(config, JSON.stringify({ dataDir, server: { url: `https://${NOWHERE}` }, ...settings }));
  return { dataDir, config };
}

async function examine(config: string): Promise<Report & { readonly code: number | null }> {
  const { code, stdout, stderr } = await runDoctor(['--config', config, '--json']);
  try {
    return { ...(JSON.parse(stdout) as Report), code };
  } catch (cause) {
    throw new Error(`no report: ${stderr}`, { cause });
  }
}

function find({ checks }: Report, name: string, camera?: string): Check {
  const check = checks.find((it) => it.name === name && it.camera === camera);
  assert.ok(check, `${name} is among ${checks.map((it) => `${it.camera ?? it.area}/${it.name}`).join(', ')}`);
  return check;
}

const verdictOf = (report: Report, name: string, camera?: string): string =>
  find(report, name, camera).verdict;

test('what is wrong with each camera is said in words, one beside the other', async (t) => {
  const pictures = await clips.jpegs();
  const locked = await startMjpegServer({ pictures, fps: 10, credentials: 'ann:right' });
  t.after(() => locked.stop());
  const password = join(clips.path, 'password');
  await writeFile(password, 'ann:wrong\n');
  const cameras = [
    { id: 'good', file: await clips.halves(20) },
    { id: 'missing', file: join(clips.path, 'nothing.mp4') },
    { id: 'black', file: await clips.solid('black', 20), fps: 5 },
    { id: 'still', file: await clips.solid('0x808080', 20, 'still') },
    { id: 'locked', url: locked.url, credentialsFile: password },
    { id: 'away', url: `rtsp://${NOWHERE}/` },
  ];
  const { config } = await layBox({ cameras }, layIdentity);
  const report = await examine(config);
  assert.equal(report.code, 1);
  assert.equal(report.verdict, 'problem');

  assert.equal(verdictOf(report, 'picture', 'good'), 'ok');
  assert.equal(verdictOf(report, 'pace', 'good'), 'ok');
  assert.match(find(report, 'format', 'good').found, /^h264, 320x180, 10 frames a second$/);
  assert.match(find(report, 'stream', 'missing').found, /No such file.*CAMERA_NOT_FOUND/);
  assert.match(find(report, 'picture', 'black').found, /black/);
  assert.match(find(report, 'picture', 'still').found, /one colour/);
  assert.match(find(report, 'stream', 'locked').found, /CAMERA_AUTH/);
  assert.match(find(report, 'stream', 'locked').advice ?? '', /user and password/);
  assert.equal(verdictOf(report, 'reach', 'locked'), 'ok');
  assert.match(find(report, 'reach', 'away').found, /ECONNREFUSED/);
  assert.match(find(report, 'address', 'away').found, /names no stream/);
  assert.equal(verdictOf(report, 'stream', 'away'), 'skipped');
  assert.equal(verdictOf(report, 'server TCP'), 'problem');
  assert.equal(verdictOf(report, 'broker TCP'), 'problem');
});

test('network cameras that work are said to work, and their password is told to nobody', async (t) => {
  const camera = await startMjpegServer({ pictures: await clips.jpegs(), fps: 10, credentials: "ann:it's" });
  t.after(() => camera.stop());
  const password = join(clips.path, 'good-password');
  await writeFile(password, "ann:it's\n");
  const streaming = await startRtspServer({ video: await clips.halves(4), credentials: "ann:it's" });
  t.after(() => streaming.stop());
  const cameras = [
    { id: 'yard', url: camera.url, credentialsFile: password },
    { id: 'door', url: streaming.url, credentialsFile: password },
  ];
  const guard = createHttpGuard('MD5', "ann:it's");
  await using stills = await startStillServer({ pictures: await clips.jpegs(), guard });
  const folder = join(clips.path, 'week');
  await mkdir(folder);
  await copyFile(await clips.halves(20), join(folder, 'monday.mp4'));
  const others = [
    { id: 'shots', stillUrl: stills.url, credentialsFile: password },
    { id: 'week', folder },
    { id: 'desk', webcam: '/dev/no-such-webcam' },
  ];
  const { config } = await layBox({ cameras: [...cameras, ...others] });
  const report = await examine(config);
  for (const id of ['yard', 'door']) {
    const ofCamera = report.checks.filter(({ camera }) => camera === id);
    assert.deepEqual(
      ofCamera.map(({ name, verdict, found }) => [name, verdict === 'ok' ? verdict : found]),
      ['reach', 'stream', 'picture', 'pace', 'format'].map((name) => [name, 'ok']),
    );
  }
  assert.equal(verdictOf(report, 'reach', 'shots'), 'ok');
  for (const id of ['shots', 'week'])
    for (const name of ['stream', 'picture', 'pace']) assert.equal(verdictOf(report, name, id), 'ok');
  assert.match(find(report, 'stream', 'desk').found, /desk|no-such-webcam.*\(CA(MERA|PTURE)_/);
  assert.doesNotMatch(JSON.stringify(report), /it's|it%27s/);
});

test('settings that cannot be read are explained, and the rest of the box is looked at', async () => {
  const { dataDir, config } = await layBox({});
  await writeFile(config, 'cameras: [\n  - id: gate\n');
  const torn = await examine(config);
  assert.equal(torn.code, 1);
  assert.equal(verdictOf(torn, 'file'), 'problem');
  assert.equal(verdictOf(torn, 'memory'), 'ok');

  await writeFile(config, 'cameras:\n  - id: Gate 1\n    url: ftp://nowhere\nservr: {}\n');
  const wrong = await runDoctor(['--config', config]);
  assert.equal(wrong.code, 1);
  for (const place of ['cameras.0.id', 'cameras.0.url', 'servr'])
    assert.ok(wrong.stdout.includes(place), place);
  assert.ok(wrong.stdout.split('\n').every((line) => line.length <= 100));
  assert.match(wrong.stderr, /looking at settings/);

  const missing = await examine(join(dataDir, 'no.yaml'));
  assert.match(find(missing, 'file').found, /cannot read/);
  const misused = await runDoctor(['--no-such-option']);
  assert.equal(misused.code, 2);
});

test('a box that joined no fleet, with a data folder that is not there, is told both', async () => {
  const { config, dataDir } = await layBox({});
  await writeFile(config, JSON.stringify({ dataDir: join(dataDir, 'gone') }));
  const report = await examine(config);
  assert.match(find(report, 'enrolment').advice ?? '', /fleetctl token create/);
  assert.match(find(report, 'writing').found, /ENOENT: no such file or directory$/);
  assert.match(find(report, 'bundle').found, /no model/);
});

test('the settings of the fleet count, unless the copy of them is damaged', async () => {
  const { config, dataDir } = await layBox({ cameras: [{ id: 'gate', file: '/no/such.mp4' }] });
  const settings = { cameras: [{ id: 'yard', file: 'nothing.mp4' }] };
  const current = { version: 7, settings, isConfirmed: true, starts: 0, onlineBefore: 0 };
  const verdict = { version: 8, state: 'reverted', detail: 'no camera came online' };
  const path = join(dataDir, 'config-document.json');
  await writeFile(path, JSON.stringify({ current, verdict }));
  const report = await examine(config);
  assert.match(find(report, 'file').found, /1 camera, with the fleet's settings 7$/);
  assert.match(find(report, 'fleet').found, /8 were reverted: no camera came online/);
  assert.equal(verdictOf(report, 'stream', 'yard'), 'problem');

  await writeFile(path, 'torn');
  const torn = await examine(config);
  assert.equal(verdictOf(torn, 'stream', 'gate'), 'problem');
  assert.equal(await readFile(path, 'utf8'), 'torn');
});

test('damaged files are found, and nothing on the disk is changed', async () => {
  const { config, dataDir } = await layBox({}, async (folder) => {
    await layIdentity(folder);
    await layModel(folder);
  });
  const [digest = ''] = await readdir(join(dataDir, 'bundles'));
  await chmod(join(dataDir, 'bundles', digest, 'model.onnx'), 0o644);
  await writeFile(join(dataDir, 'bundles', digest, 'model.onnx'), 'torn');
  await writeFile(join(dataDir, 'outbox.sqlite'), 'no database at all, but long enough to look like one');
  await writeFile(join(dataDir, 'trust.sqlite.damaged'), '');
  const before = await readdir(dataDir, { recursive: true });
  const report = await examine(config);
  assert.match(find(report, 'bundle').found, /model\.onnx is not the file/);
  assert.equal(verdictOf(report, 'outbox.sqlite'), 'problem');
  assert.match(find(report, 'set aside').found, /trust\.sqlite\.damaged/);
  assert.deepEqual(await readdir(dataDir, { recursive: true }), before);
});

test('an enrolled box whose agent runs is sound, and the agent is not disturbed', async (t) => {
  const fleet = await startTlsFleet();
  t.after(() => fleet.stop());
  const reply = await fleet.call('POST', 'enrolment-tokens', {});
  const { token } = (await reply.json()) as { token: string };
  const cameras = [{ id: 'gate', file: await clips.halves(20), loop: true }];
  const { config, dataDir } = await layBox({ server: { url: fleet.url }, cameras }, async (folder) => {
    const box = { serverUrl: fleet.url, token, deviceId: 'gate-3', dataDir: folder, agentVersion: '0.1.0' };
    await enrol({ ...box, hardware: HARDWARE, fetch: fleet.fetchAs() }, AbortSignal.timeout(30_000));
    await layModel(folder);
  });
  const agent = runAgent({ config });
  t.after(() => agent.child.kill('SIGKILL'));
  await agent.logs('agent ready');
  const report = await examine(config);
  const names = [
    'enrolment',
    'certificate',
    'server TCP',
    'server TLS',
    'server HTTP',
    'broker TCP',
    'broker TLS',
  ];
  const sound = [
    ...names,
    'server',
    'outbox.sqlite',
    'bundle',
    'load',
    'golden frames',
    'capacity',
    'writing',
  ];
  for (const name of sound) {
    const { verdict, found } = find(report, name);
    assert.ok(verdict === 'ok' || verdict === 'skipped', `${name}: ${found}`);
  }
  assert.equal(verdictOf(report, 'picture', 'gate'), 'ok');
  const warnings = agent.lines.filter(({ level }) => level === 'warn' || level === 'error');
  assert.deepEqual(
    warnings.map(({ msg }) => msg),
    [],
  );
  assert.equal(await agent.stop(), 0);
  assert.ok(!(await readdir(dataDir)).some((name) => name.startsWith('.doctor')));
});

test('a server of another fleet is told from one that is away', async (t) => {
  const fleet = await startTlsFleet();
  t.after(() => fleet.stop());
  const silent = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end('no TLS here\n');
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const { port } = silent.address() as { port: number };
  const { config } = await layBox({ server: { url: fleet.url } }, (folder) =>
    layIdentity(folder, `mqtts://127.0.0.1:${port}`),
  );
  const report = await examine(config);
  assert.match(find(report, 'server TLS').found, /authority this box does not know/);
  assert.equal(verdictOf(report, 'broker TCP'), 'ok');
  assert.match(find(report, 'broker TLS').found, /speaks no TLS/);
  assert.match(find(report, 'certificate').found, /wants a certificate/);
});
