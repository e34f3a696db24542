import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { describeConfig, renderSampleConfig } from '../../agent/src/config/describe.ts';
import { parseAgentConfig } from '../../agent/src/config/parse.ts';
import { loadAgentConfig } from '../../agent/src/config/yaml-config.ts';

const SAMPLE = join(import.meta.dirname, '../../firmware-config/agent.yaml');
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-config-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function writeConfig(text: string): Promise<string> {
  const file = join(folder, 'agent.yaml');
  await writeFile(file, text);
  return file;
}

test('a YAML file is read, under environment and flags', async () => {
  const file = await writeConfig('server:\n  url: https://fleet.example\nlog: { level: warn }\ncameras:\n');
  const config = await loadAgentConfig({ file, env: { WATCHPOST_LOG_LEVEL: 'debug' }, flags: [] });
  assert.equal(config.server.url, 'https://fleet.example');
  assert.equal(config.log.level, 'debug');
  assert.deepEqual(config.cameras, []);
});

test('an unknown key in the file is an error that names key and file', async () => {
  const file = await writeConfig('server:\n  uri: https://fleet.example\n');
  await assert.rejects(loadAgentConfig({ file }), {
    code: 'CONFIG_INVALID',
    message: `the configuration has a problem:\n  server.uri is not a known key (${file})`,
  });
});

test('a file that is not there is an error that names it', async () => {
  const file = join(folder, 'missing.yaml');
  await assert.rejects(loadAgentConfig({ file }), {
    code: 'CONFIG_UNREADABLE',
    message: `cannot read ${file}`,
  });
});

test('a file that is not YAML is an error that names the place', async () => {
  const file = await writeConfig('server: {url: http://a\nlog: ]\n');
  await assert.rejects(loadAgentConfig({ file }), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'CONFIG_UNREADABLE');
    assert.match(error.message, /^.*agent\.yaml: .* at line 2, column \d+:?$/);
    return true;
  });
});

test('an empty file gives the defaults', async () => {
  assert.deepEqual(await loadAgentConfig({ file: await writeConfig('') }), parseAgentConfig({}));
});

test('the sample file is what the schema says, and holds the defaults', async () => {
  // To renew it: watchpost-agent config --sample > firmware-config/agent.yaml
  assert.equal(await readFile(SAMPLE, 'utf8'), renderSampleConfig());
  assert.deepEqual(await loadAgentConfig({ file: SAMPLE }), parseAgentConfig({}));
});

test('the example of a camera in the sample file becomes valid when its values are given', async () => {
  const sample = renderSampleConfig();
  const example = sample
    .slice(sample.indexOf('cameras: []'), sample.indexOf('\ninference:'))
    .replace('cameras: []', 'cameras:')
    .replaceAll(/^#/gm, '')
    .replace('- id:', '- id: door')
    .replace(/(\s)file:/, '$1file: door.mp4');
  const config = await loadAgentConfig({ file: await writeConfig(example) });
  assert.equal(config.cameras[0]?.id, 'door');
});

test('the description names every key with type, default, unit and variable', () => {
  const description = describeConfig();
  assert.match(description, /^telemetry\.intervalSec: number from 1 to 3600, seconds, default 10$/m);
  assert.match(description, /^ {4}WATCHPOST_UPDATE_MAX_BYTES_PER_SEC$/m);
  assert.match(description, /^cameras\[\]\.rtspTransport: one of tcp, udp, default tcp$/m);
});
