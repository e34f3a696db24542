import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { loadIdentity } from '../../agent/src/identity/file-identity.ts';
import { startTlsFleet, type TlsFleet } from '../support/tls-fleet.ts';

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../../agent/src/cli.ts');

let fleet: TlsFleet;
let folder = '';
const at = (...path: readonly string[]): string => join(folder, ...path);

before(async () => {
  fleet = await startTlsFleet();
});
after(() => fleet.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-provision-'));
  await mkdir(at('data'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function newToken(): Promise<string> {
  const reply = (await (await fleet.call('POST', 'enrolment-tokens', {})).json()) as { token: string };
  return reply.token;
}

async function writeProvisioning(changes: object): Promise<string> {
  const content = {
    token: await newToken(),
    server: { url: fleet.url, ca: fleet.ca },
    device: { id: 'new-box' },
    dataDir: at('data'),
    cameras: [{ id: 'gate', url: 'rtsp://192.0.2.1/stream', credentials: 'watch:secret' }],
    ...changes,
  };
  await writeFile(at('provision.yaml'), stringify(content));
  return at('provision.yaml');
}

const provision = (...files: readonly string[]) =>
  run(process.execPath, [CLI, 'provision', '--config', at('etc', 'agent.yaml'), ...files]);

test('a box is set up from one file: settings, files beside them, enrolment; then the file is gone', async () => {
  const file = await writeProvisioning({});
  await provision(at('elsewhere.yaml'), file);
  assert.equal((await loadIdentity(at('data'))).deviceId, 'new-box');
  assert.equal(existsSync(file), false);
  assert.equal(await readFile(at('etc', 'ca.crt'), 'utf8'), fleet.ca);
  const secret = at('etc', 'cameras', 'gate.credentials');
  assert.equal(await readFile(secret, 'utf8'), 'watch:secret\n');
  assert.equal((await stat(secret)).mode & 0o777, 0o640);
  assert.doesNotMatch(await readFile(at('etc', 'agent.yaml'), 'utf8'), /secret|token/);
  const { stdout } = await run(process.execPath, [
    CLI,
    'config',
    '--json',
    '--config',
    at('etc', 'agent.yaml'),
  ]);
  const { server, cameras } = JSON.parse(stdout) as { server: object; cameras: readonly object[] };
  assert.deepEqual(server, { url: fleet.url, caFile: at('etc', 'ca.crt') });
  assert.equal(cameras.length, 1);
});

test('what was done is told as JSON, without a secret', async () => {
  const file = await writeProvisioning({});
  const { stdout } = await provision('--json', file);
  const { brokerUrl, ...told } = JSON.parse(stdout) as Record<string, string>;
  assert.match(brokerUrl ?? '', /^mqtts?:/);
  const settingsFile = at('etc', 'agent.yaml');
  assert.deepEqual(told, { settingsFile, source: file, deviceId: 'new-box', fleet: told.fleet });
});

test('a box that joins the fleet on its own tells the same of it', async () => {
  await writeFile(at('token'), await newToken());
  await writeFile(at('ca.crt'), fleet.ca);
  const settings = [`dataDir=${at('data')}`, `server.url=${fleet.url}`, `server.caFile=${at('ca.crt')}`];
  const flags = settings.flatMap((setting) => ['--set', setting]);
  const args = [CLI, 'enrol', '--json', '--token-file', at('token'), '--set', 'device.id=own-box', ...flags];
  const told = JSON.parse((await run(process.execPath, args)).stdout) as Record<string, string>;
  assert.deepEqual(Object.keys(told), ['deviceId', 'fleet', 'brokerUrl']);
  assert.equal(told.deviceId, 'own-box');
});

const UNSOUND: Readonly<Record<string, readonly [changes: object, said: RegExp]>> = {
  'a key that is none': [{ serverr: {} }, /serverr.*CONFIG_INVALID/s],
  'a camera id that is a path': [
    { cameras: [{ id: '../x', url: 'rtsp://192.0.2.1/', credentials: 'a:b' }] },
    /cameras\.0\.id.*CONFIG_INVALID/s,
  ],
  'an authority that is none': [
    { server: { url: 'https://192.0.2.1', ca: 'no' } },
    /server\.ca.*CONFIG_INVALID/s,
  ],
  'a root that is none': [{ trust: { root: '{"signed":{}}' } }, /trust\.root.*CONFIG_INVALID/s],
  'no token': [{ token: undefined }, /token.*CONFIG_INVALID/s],
};

for (const [what, [changes, said]] of Object.entries(UNSOUND)) {
  test(`a provisioning file with ${what} changes nothing, and says why`, async () => {
    const file = await writeProvisioning(changes);
    await assert.rejects(provision(file), (error: Error & { code?: number; stderr?: string }) => {
      assert.equal(error.code, 2);
      assert.match(error.stderr ?? '', said);
      return true;
    });
    assert.equal(existsSync(file), true);
    assert.equal(existsSync(at('etc')), false);
    assert.deepEqual(await readdir(at('data')), []);
  });
}

test('when the server does not answer, the file stays, and the same command succeeds later', async () => {
  const server = { url: 'https://127.0.0.1:1', ca: fleet.ca };
  const file = await writeProvisioning({ server });
  await assert.rejects(provision(file), (error: Error & { code?: number; stderr?: string }) => {
    assert.equal(error.code, 1);
    assert.match(error.stderr ?? '', /SERVER_UNREACHABLE/);
    return true;
  });
  await writeProvisioning({ device: { id: 'later-box' } });
  await provision(file);
  assert.equal((await loadIdentity(at('data'))).deviceId, 'later-box');
});

test('without a provisioning file the command says so', async () => {
  await assert.rejects(provision(at('none.yaml')), /INPUT_MISSING/);
});
