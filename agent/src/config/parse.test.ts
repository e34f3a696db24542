import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '@watchpost/shared/kernel/errors.ts';
import type { ConfigInput } from './layers.ts';
import { parseAgentConfig } from './parse.ts';

const file = (content: unknown): ConfigInput => ({ file: { name: 'agent.yaml', content } });

/** The lines of the one error, without its heading. */
function problemsOf(input: ConfigInput): readonly string[] {
  try {
    parseAgentConfig(input);
  } catch (error) {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, 'CONFIG_INVALID');
    return error.message.split('\n  ').slice(1);
  }
  return [];
}

test('with nothing given, every key has its default', () => {
  const config = parseAgentConfig({});
  assert.equal(config.dataDir, '/var/lib/watchpost');
  assert.deepEqual(config.telemetry, { intervalSec: 10, summarySec: 60 });
  assert.deepEqual(config.cameras, []);
});

test('the file wins over the profile of the board, and the profile over the defaults', () => {
  const config = parseAgentConfig({
    profile: { name: 'pi.yaml', content: { inference: { threads: 2 }, telemetry: { summarySec: 300 } } },
    ...file({ inference: { threads: 3 } }),
  });
  assert.equal(config.inference.threads, 3);
  assert.deepEqual(config.telemetry, { intervalSec: 10, summarySec: 300 });
});

test('a problem in the profile of the board is named with the profile', () => {
  assert.deepEqual(problemsOf({ profile: { name: 'pi.yaml', content: { inference: { threads: 0 } } } }), [
    'inference.threads must be >= 1 (pi.yaml)',
  ]);
});

test('flags win over the environment, the environment over the file, the file over defaults', () => {
  const config = parseAgentConfig({
    ...file({
      server: { url: 'http://file' },
      log: { level: 'warn' },
      inference: { threads: 2 },
      telemetry: { intervalSec: 5 },
    }),
    env: { WATCHPOST_SERVER_URL: 'http://env', WATCHPOST_LOG_LEVEL: 'error', HOME: '/root' },
    flags: ['server.url=http://flag?a=b'],
  });
  assert.equal(config.server.url, 'http://flag?a=b');
  assert.equal(config.log.level, 'error');
  assert.equal(config.inference.threads, 2);
  assert.deepEqual(config.telemetry, { intervalSec: 5, summarySec: 60 });
});

test('text of environment and flags is read as the type of its key', () => {
  const config = parseAgentConfig({
    env: {
      WATCHPOST_INFERENCE_THREADS: '4',
      WATCHPOST_INFERENCE_SPINNING: 'true',
      WATCHPOST_TRUST_ROOT_FILE: '/etc/1.root.json',
    },
    flags: ['cameras=[{"id":"door","file":"door.mp4"}]', 'device.id=007'],
  });
  assert.equal(config.inference.threads, 4);
  assert.equal(config.inference.spinning, true);
  assert.equal(config.trust.rootFile, '/etc/1.root.json');
  assert.equal(config.device.id, '007');
  const [door] = config.cameras;
  assert.deepEqual([door?.id, door?.file, door?.loop, door?.fps], ['door', 'door.mp4', false, 5]);
});

test('variables of fleetctl and the server are not the business of the agent', () => {
  const files = { WATCHPOST_PASSWORD_FILE: '/x', WATCHPOST_TOKEN_FILE: '/y', WATCHPOST_CA_FILE: '/z' };
  const env = { WATCHPOST_SERVER: 'http://x', ...files, WATCHPOST_MASTER_KEY: 'a secret' };
  assert.deepEqual(parseAgentConfig({ env }), parseAgentConfig({}));
});

test('a key without a value counts as not given', () => {
  assert.deepEqual(parseAgentConfig(file({ server: null, log: { level: null } })), parseAgentConfig({}));
});

test('an unknown key is an error that names its path and its source', () => {
  assert.deepEqual(
    problemsOf({
      ...file({ servr: {}, server: { uri: 'http://x' }, cameras: [{ id: 'a', file: 'a.mp4', zoom: 2 }] }),
      env: { WATCHPOST_SERVER_ULR: 'http://x' },
      flags: ['server.uri=http://x'],
    }),
    [
      'WATCHPOST_SERVER_ULR is not a known key (environment)',
      'server.uri is not a known key (--set server.uri)',
      'servr is not a known key (agent.yaml)',
      'server.uri is not a known key (agent.yaml)',
      'cameras.0.zoom is not a known key (agent.yaml)',
    ],
  );
});

test('a wrong type is an error that names the source the value came from', () => {
  const problems = problemsOf({
    ...file({ telemetry: { intervalSec: 'often' }, inference: { threads: 1 } }),
    env: { WATCHPOST_INFERENCE_THREADS: 'many', WATCHPOST_PICTURES_ENABLED: 'yes' },
  });
  assert.deepEqual(problems, [
    'inference.threads must be integer (WATCHPOST_INFERENCE_THREADS)',
    'telemetry.intervalSec must be number (agent.yaml)',
    'pictures.enabled must be boolean (WATCHPOST_PICTURES_ENABLED)',
  ]);
});

test('every problem is reported at once, however many there are', () => {
  const cameras = Array.from({ length: 20 }, (_, index) => ({ id: `cam-${index}`, file: 'a.mp4', fps: 99 }));
  const problems = problemsOf(file({ cameras, log: { level: 'loud' }, outbox: 7, surprise: true }));
  assert.equal(problems.length, 23);
  assert.ok(problems.includes('log.level must be one of debug, info, warn, error (agent.yaml)'));
});

test('each camera has exactly one source', () => {
  const none = { id: 'none' };
  const two = { id: 'two', url: 'rtsp://cam/1', file: 'a.mp4' };
  assert.deepEqual(problemsOf(file({ cameras: [none, two] })), [
    'cameras.0 needs exactly one of url, stillUrl, device, webcam, file, folder; none is given (agent.yaml)',
    'cameras.1 needs exactly one of url, stillUrl, device, webcam, file, folder; url and file are given (agent.yaml)',
  ]);
});

test('camera ids are unique', () => {
  const camera = { id: 'door', device: '/dev/video0' };
  assert.deepEqual(problemsOf(file({ cameras: [camera, camera] })), [
    'cameras.1.id is the id of another camera too (agent.yaml)',
  ]);
});

test('a password in a camera address is an error that does not repeat it', () => {
  const [problem, ...others] = problemsOf(
    file({ cameras: [{ id: 'door', url: 'rtsp://admin:hunter2@cam/1' }] }),
  );
  assert.deepEqual(others, []);
  assert.match(problem ?? '', /cameras\.0\.url .*credentialsFile/);
  assert.doesNotMatch(problem ?? '', /hunter2/);
});

test('a file that is no mapping is an error', () => {
  assert.deepEqual(problemsOf(file(['server'])), ['(whole file) must be keys and values (agent.yaml)']);
});

test('the result is frozen all the way down', () => {
  const config = parseAgentConfig(file({ cameras: [{ id: 'a', file: 'a.mp4' }] }));
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.server) && Object.isFrozen(config.cameras[0]));
  assert.throws(() => Object.assign(config.server, { url: 'http://other' }), TypeError);
});
