import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planProvisioning } from './provisioning.ts';

const FILE = 'provision.yaml';
const FOLDER = '/etc/watchpost';

test('what agent.yaml only names files for becomes files beside it', () => {
  const plan = planProvisioning(
    FILE,
    {
      token: 'once',
      server: { url: 'https://fleet.example:8443', ca: 'PEM' },
      trust: { root: '{}' },
      device: { id: 'gate-1' },
      cameras: [
        { id: 'gate', url: 'rtsp://camera/1', credentials: 'watch:secret' },
        { id: 'path', device: '/dev/video0' },
      ],
      log: { level: 'warn' },
    },
    FOLDER,
  );
  assert.equal(plan.token, 'once');
  assert.deepEqual(plan.settings, {
    schemaVersion: 1,
    device: { id: 'gate-1' },
    log: { level: 'warn' },
    server: { url: 'https://fleet.example:8443', caFile: '/etc/watchpost/ca.crt' },
    trust: { rootFile: '/etc/watchpost/1.root.json' },
    cameras: [
      {
        id: 'gate',
        url: 'rtsp://camera/1',
        credentialsFile: '/etc/watchpost/cameras/gate.credentials',
      },
      { id: 'path', device: '/dev/video0' },
    ],
  });
  assert.deepEqual(plan.files, [
    { name: 'ca.crt', content: 'PEM', isSecret: false },
    { name: '1.root.json', content: '{}', isSecret: false },
    { name: 'cameras/gate.credentials', content: 'watch:secret\n', isSecret: true },
  ]);
});

test('neither token nor password is among the settings', () => {
  const cameras = [{ id: 'gate', url: 'rtsp://camera/1', credentials: 'watch:secret' }];
  const { settings } = planProvisioning(FILE, { token: 'once', server: {}, cameras }, FOLDER);
  assert.doesNotMatch(JSON.stringify(settings), /once|secret/);
});

for (const [what, content] of Object.entries({
  'no token': { server: { url: 'https://fleet.example' } },
  'an empty token': { token: '', server: { url: 'https://fleet.example' } },
  'no server': { token: 'once' },
  'a root that is no text': { token: 'once', server: {}, trust: { root: { signed: {} } } },
  'text only': 'token',
  nothing: null,
})) {
  test(`a provisioning file with ${what} is refused, by its name`, () => {
    assert.throws(() => planProvisioning(FILE, content, FOLDER), {
      code: 'CONFIG_INVALID',
      message: /provision\.yaml/,
    });
  });
}
