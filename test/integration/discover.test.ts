import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { runDiscover } from '../../agent/src/cli/discover.ts';
import { parseAgentConfig } from '../../agent/src/config/parse.ts';
import { memoryIo } from '../support/memory-io.ts';
import { type OnvifProfile, startOnvifDevice } from '../support/onvif-device.ts';

const PASSWORD = 'hunter2-secret';
const profile = (token: string, encoding: string, size: string, uri: string): OnvifProfile => {
  const [width = 0, height = 0, fps = 0] = size.split(/[x@]/).map(Number);
  return { token, encoding, width, height, fps, uri };
};
const PROFILES: readonly OnvifProfile[] = [
  profile('main', 'H264', '1920x1080@25', `rtsp://admin:${PASSWORD}@10.0.0.3:554/Streaming/101`),
  profile('sub', 'H264', '640x360@10', `rtsp://admin:${PASSWORD}@10.0.0.3:554/Streaming/102?a=1&b=2`),
  profile('tiny', 'JPEG', '160x120@5', 'rtsp://10.0.0.3:554/Streaming/103'),
];
const DEVICE = { maker: 'Maker \u202e<&>', model: 'X-1 "two"', profiles: PROFILES };

let folder: string;
let credentials: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-discover-'));
  credentials = join(folder, 'cameras');
  await writeFile(credentials, `admin:${PASSWORD}\n`, { mode: 0o600 });
});
after(() => rm(folder, { recursive: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function discover(...args: readonly string[]): Promise<Ran> {
  const { io, written } = memoryIo();
  const code = await runDiscover(args, io);
  const { stdout: out, stderr: err } = written;
  assert.doesNotMatch(out + err, new RegExp(PASSWORD));
  return { code, out, err };
}

test('a camera that is named is described, its best stream chosen, and the settings can be used as they are', async () => {
  await using device = await startOnvifDevice({ ...DEVICE, credentials: `admin:${PASSWORD}` });
  // The agent is started in another folder than this.
  const fromHere = relative('.', credentials);
  const { code, out, err } = await discover('--host', device.address, '--credentials-file', fromHere);
  assert.equal(code, 0);
  assert.match(err, /Maker <&> X-1 "two"\n/);
  assert.match(err, / {4}main, H264 1920x1080, 25 fps {2}rtsp:\/\/10\.0\.0\.3:554\/Streaming\/101\n/);
  assert.match(err, / {2}> sub, H264 640x360, 10 fps {2}rtsp:\/\/10\.0\.0\.3:554\/Streaming\/102\?a=1&b=2\n/);
  const { cameras } = parseAgentConfig({ file: { name: 'agent.yaml', content: parse(out) } });
  assert.equal(cameras.length, 1);
  assert.equal(cameras[0]?.url, 'rtsp://10.0.0.3:554/Streaming/102?a=1&b=2');
  assert.equal(cameras[0]?.credentialsFile, credentials);
  assert.equal(cameras[0]?.name, 'Maker <&> X-1 "two"');
  assert.match(cameras[0]?.id ?? '', /^camera-127-0-0-1-\d+$/);
  assert.ok(device.requests.every((body) => !body.includes(PASSWORD)));
});

test('a larger model gets a larger stream, and --json tells everything', async () => {
  await using device = await startOnvifDevice(DEVICE);
  const { code, out } = await discover('--host', device.address, '--model-input', '640x640', '--json');
  const [camera] = (JSON.parse(out) as { cameras: { streams: unknown[]; chosen: string; maker: string }[] })
    .cameras;
  assert.equal(code, 0);
  assert.equal(camera?.chosen, 'rtsp://10.0.0.3:554/Streaming/101');
  assert.equal(camera?.streams.length, 3);
  assert.equal(camera?.maker, 'Maker <&>');
});

test('cameras that answer the call into the network are asked where they are, not where they say', async (t) => {
  await using device = await startOnvifDevice({ ...DEVICE, isDiscoverable: true });
  try {
    const { code, err } = await discover('--interface', 'lo', '--timeout', '2');
    assert.equal(code, 0);
    assert.match(err, new RegExp(`^${device.address}: Maker`, 'm'));
    assert.doesNotMatch(err, /192\.0\.2\.1/);
  } catch (error) {
    if (!(error instanceof Error) || !/cannot be searched/.test(error.message)) throw error;
    t.skip(`no multicast here: ${error.message}`);
  }
});

test('what is wrong with a camera is told in words and by code, and the others are described all the same', async () => {
  await using guarded = await startOnvifDevice({ ...DEVICE, credentials: 'some:body' });
  await using web = await startOnvifDevice({ ...DEVICE, answer: (response) => void response.end('<html>') });
  await using silent = await startOnvifDevice({ ...DEVICE, answer: () => undefined });
  await using open = await startOnvifDevice(DEVICE);
  const gone = await startOnvifDevice(DEVICE);
  await gone[Symbol.asyncDispose]();
  const hosts = [guarded, web, silent, open, gone].flatMap(({ address }) => ['--host', address]);
  const { code, out, err } = await discover(...hosts, '--timeout', '1');
  assert.equal(code, 0);
  assert.match(err, new RegExp(`${guarded.address}: user and password are not accepted \\[CAMERA_AUTH\\]`));
  assert.match(err, new RegExp(`${web.address}: it does not speak ONVIF .*\\[CAMERA_FORMAT\\]`));
  assert.match(err, new RegExp(`${silent.address}: no answer in time \\[CAMERA_TIMEOUT\\]`));
  assert.match(err, new RegExp(`${gone.address}: nothing listens at this port .*\\[CAMERA_UNREACHABLE\\]`));
  assert.equal((parse(out) as { cameras: unknown[] }).cameras.length, 1);
  const alone = await discover('--host', guarded.address, '--credentials-file', credentials);
  assert.deepEqual([alone.code, alone.out], [1, '']);
});

const ENVELOPE = 'http://www.w3.org/2003/05/soap-envelope';
const NONSENSE: Readonly<Record<string, string>> = {
  'an empty body': '',
  'a date without days':
    '<GetSystemDateAndTimeResponse><SystemDateAndTime><UTCDateTime/></SystemDateAndTime></GetSystemDateAndTimeResponse>',
};
for (const [what, body] of Object.entries(NONSENSE))
  test(`a camera that answers ${what} does not speak ONVIF`, async () => {
    const xml = `<s:Envelope xmlns:s="${ENVELOPE}"><s:Body>${body}</s:Body></s:Envelope>`;
    await using odd = await startOnvifDevice({ ...DEVICE, answer: (response) => void response.end(xml) });
    const { err } = await discover('--host', odd.address, '--timeout', '1');
    assert.match(err, /: it does not speak ONVIF \(its answers lack something\) \[CAMERA_FORMAT\]/);
    assert.doesNotMatch(err, /undefined/);
  });

test('what answers without HTTP does not speak ONVIF', async () => {
  const answer = (response: ServerResponse): void => void response.socket?.end('220 mail.example ESMTP\r\n');
  await using mail = await startOnvifDevice({ ...DEVICE, answer });
  const { err } = await discover('--host', mail.address, '--timeout', '1');
  assert.match(err, /: it does not speak ONVIF \(it does not speak HTTP\) \[CAMERA_FORMAT\]/);
});

test('when nobody answers, and when it is used wrongly, the code says so', async () => {
  for (const [args, code] of [
    [['--interface', 'no-such-0'], 'USAGE_INVALID'],
    [['--timeout', 'soon'], 'USAGE_INVALID'],
    [['--model-input', 'large'], 'USAGE_INVALID'],
    [['--host', 'user:pass@camera'], 'USAGE_INVALID'],
    [['--credentials-file', join(folder, 'absent')], 'CAMERA_AUTH'],
  ] as const)
    await assert.rejects(discover(...args), { code });
  await assert.rejects(discover('--interface', 'lo', '--timeout', '1'), /no ONVIF camera|cannot be searched/);
  assert.match((await discover('--help')).out, /--credentials-file/);
});
