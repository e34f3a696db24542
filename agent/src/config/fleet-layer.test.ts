import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetSettings } from '@watchpost/shared/config/fleet-settings.ts';
import { readFleetLayer } from './fleet-layer.ts';
import { listRestartKeys } from './keys.ts';
import type { ConfigInput } from './layers.ts';
import { parseAgentConfig } from './parse.ts';
import { AgentConfig } from './schema.ts';

const OWN = {
  telemetry: { intervalSec: 20 },
  cameras: [
    { id: 'door', url: 'rtsp://10.0.0.2/1', credentialsFile: '/etc/watchpost/door', fps: 5 },
    { id: 'clip', file: '/srv/clip.mp4', loop: true },
  ],
};

function configOf(settings: FleetSettings, input: ConfigInput = {}) {
  const fleet = { name: 'fleet document 3', settings, dataDir: '/data' };
  return parseAgentConfig({ file: { name: 'agent.yaml', content: OWN }, fleet, ...input });
}

const idsOf = (settings: FleetSettings) => configOf(settings).cameras.map(({ id }) => id);

test('the fleet wins over the file; environment and flags win over the fleet', () => {
  const settings = { telemetry: { intervalSec: 30, summarySec: 90 }, log: { level: 'debug' } } as const;
  const config = configOf(settings, {
    env: { WATCHPOST_TELEMETRY_SUMMARY_SEC: '120' },
    flags: ['log.level=error'],
  });
  assert.deepEqual(config.telemetry, { intervalSec: 30, summarySec: 120 });
  assert.equal(config.log.level, 'error');
});

test('what the fleet leaves out is as the box has it', () => {
  const own = parseAgentConfig({ file: { name: 'agent.yaml', content: OWN } });
  assert.deepEqual(configOf({}), own);
  assert.deepEqual(configOf({ pictures: { idleSec: 60 } }), own);
});

test('a list of cameras takes the place of the own ones, and names files below the data folder', () => {
  const cameras = [
    { id: 'gate', url: 'rtsp://Gate.park/1', credentialsFile: 'Gate.park' },
    { id: 'film', file: 'film.mp4' },
    { id: 'week', folder: 'week' },
  ];
  assert.deepEqual(
    configOf({ cameras }).cameras.map(({ id, file, folder, credentialsFile, fps }) => [
      id,
      file ?? folder,
      credentialsFile,
      fps,
    ]),
    [
      ['gate', undefined, '/data/credentials/gate.park', 5],
      ['film', '/data/media/film.mp4', undefined, 5],
      ['week', '/data/media/week', undefined, 5],
    ],
  );
});

test('one camera is changed, the others stay as the box has them', () => {
  const { cameras } = configOf({ cameraChanges: { door: { fps: 1, name: 'Door' } } });
  assert.deepEqual(
    cameras.map(({ id, fps, name, credentialsFile }) => [id, fps, name, credentialsFile]),
    [
      ['door', 1, 'Door', '/etc/watchpost/door'],
      ['clip', 5, undefined, undefined],
    ],
  );
});

test('cameras are added and removed by their ids; one that is not there is no matter', () => {
  assert.deepEqual(idsOf({ cameraChanges: { yard: { file: 'yard.mp4' }, clip: { remove: true } } }), [
    'door',
    'yard',
  ]);
  assert.deepEqual(idsOf({ cameraChanges: { nobody: { remove: true } } }), ['door', 'clip']);
});

test('a camera that moves elsewhere does not take its password along', () => {
  const [door] = configOf({ cameraChanges: { door: { url: 'rtsp://evil.example/1' } } }).cameras;
  assert.equal(door?.credentialsFile, undefined);
  const [shots] = configOf({ cameraChanges: { door: { stillUrl: 'http://evil.example/1' } } }).cameras;
  assert.deepEqual([shots?.url, shots?.credentialsFile], [undefined, undefined]);
  const [, clip] = configOf({ cameraChanges: { clip: { device: '/dev/video0' } } }).cameras;
  assert.deepEqual([clip?.file, clip?.loop, clip?.device], [undefined, false, '/dev/video0']);
});

test('a change of a camera that is not there is a camera without a source, named with the document', () => {
  assert.throws(() => configOf({ cameraChanges: { nobody: { fps: 2 } } }), {
    code: 'CONFIG_INVALID',
    message:
      /cameras\.2 needs exactly one of url, stillUrl, device, webcam, file, folder; none is given \(fleet document 3\)/,
  });
});

test('where the box has no cameras, changes add them', () => {
  const settings: FleetSettings = { cameraChanges: { a: { file: 'a.mp4' } } };
  const { tree } = readFleetLayer({ name: 'x', settings, dataDir: '/d' }, {});
  assert.deepEqual(tree.cameras, [{ id: 'a', file: '/d/media/a.mp4' }]);
});

test('what waits for a restart is told, what counts at once is not', () => {
  const before = configOf({});
  const after = configOf({
    inference: { threads: 2 },
    update: { shadow: { frames: 7 } },
    telemetry: { intervalSec: 3 },
    pictures: { enabled: false },
    cameras: [],
  });
  assert.deepEqual(listRestartKeys(AgentConfig, before, after), [
    'update.shadow.frames',
    'inference.threads',
  ]);
  assert.deepEqual(listRestartKeys(AgentConfig, before, before), []);
});
