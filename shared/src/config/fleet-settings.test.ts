import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeFleetSettings } from './fleet-settings.ts';

/** The places that are wrong. */
function problemsOf(settings: unknown): readonly string[] {
  const verdict = judgeFleetSettings(settings);
  return verdict.kind === 'sound' ? [] : verdict.problems.map(({ path }) => path);
}

const SOUND: readonly (readonly [string, unknown])[] = [
  ['nothing at all', {}],
  ['parts of sections', { telemetry: { intervalSec: 5 }, update: { shadow: { frames: 0 } }, log: {} }],
  ['no cameras', { cameras: [] }],
  [
    'cameras of every kind',
    {
      cameras: [
        { id: 'door', url: 'rtsp://10.0.0.3:554/ch1?x=1', credentialsFile: '10.0.0.3', rtspTransport: 'udp' },
        { id: 'gate', url: 'https://Camera-7.park.example/mjpeg', credentialsFile: 'camera-7.park.example' },
        { id: 'six', url: 'rtsps://[2001:db8::7]:322/a' },
        { id: 'usb', device: '/dev/video2', fps: 2 },
        { id: 'clip', file: 'night-1.mp4', loop: true },
        { id: 'shots', stillUrl: 'http://10.0.0.3/snap.jpg', credentialsFile: '10.0.0.3', fps: 1 },
        { id: 'desk', webcam: '/dev/video0' },
        { id: 'week', folder: 'week-7', pace: 'full' },
      ],
    },
  ],
  ['changes of single cameras', { cameraChanges: { door: { fps: 2 }, gate: { remove: true } } }],
];
for (const [name, settings] of SOUND) {
  test(`a fleet may set ${name}`, () => assert.deepEqual(problemsOf(settings), []));
}

const camera = (source: object) => ({ cameras: [{ id: 'a', ...source }] });
const UNSOUND: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['no settings', 7, ['']],
  ['where data lie', { dataDir: '/tmp' }, ['/dataDir']],
  ['whom the box trusts', { trust: { rootFile: '/tmp/1.root.json' } }, ['/trust']],
  ['which server it speaks with', { server: { url: 'https://evil.example' } }, ['/server']],
  ['who it is', { device: { id: 'other' } }, ['/device']],
  ['a path of a file', camera({ file: '/etc/shadow' }), ['/cameras/0/file']],
  ['a path out of the folder', camera({ file: '..' }), ['/cameras/0/file']],
  ['a file of another protocol', camera({ file: 'concat:a.mp4' }), ['/cameras/0/file']],
  ['a device that is no camera', camera({ device: '/dev/watchdog' }), ['/cameras/0/device']],
  ['a device by a detour', camera({ device: '/dev/video0/../watchdog' }), ['/cameras/0/device']],
  ['a webcam that is no camera', camera({ webcam: '/dev/watchdog' }), ['/cameras/0/webcam']],
  ['a path of a folder', camera({ folder: '/etc' }), ['/cameras/0/folder']],
  ['a folder above', camera({ folder: '..' }), ['/cameras/0/folder']],
  ['pictures of the box itself', camera({ stillUrl: 'http://[::1]/a.jpg' }), ['/cameras/0/stillUrl']],
  ['pictures by another protocol', camera({ stillUrl: 'file:///etc/shadow' }), ['/cameras/0/stillUrl']],
  [
    'credentials of pictures sent to another host',
    camera({ stillUrl: 'http://evil.example/', credentialsFile: '10.0.0.3' }),
    ['/cameras/0/credentialsFile'],
  ],
  ['another protocol', camera({ url: 'file:///etc/shadow' }), ['/cameras/0/url']],
  ['the box itself', camera({ url: 'http://127.0.0.1:9100/metrics' }), ['/cameras/0/url']],
  ['the box itself, as one number', camera({ url: 'rtsp://2130706433/' }), ['/cameras/0/url']],
  ['the box itself, in octal', camera({ url: 'rtsp://0177.1/' }), ['/cameras/0/url']],
  ['the box itself, by name', camera({ url: 'http://LocalHost/' }), ['/cameras/0/url']],
  ['the box itself, in IPv6', camera({ url: 'rtsp://[::1]/' }), ['/cameras/0/url']],
  ['the box itself, mapped', camera({ url: 'rtsp://[::ffff:127.0.0.1]/' }), ['/cameras/0/url']],
  ['metadata of a cloud', camera({ url: 'http://169.254.169.254/latest' }), ['/cameras/0/url']],
  [
    'a host that two readers read differently',
    camera({ url: 'rtsp://10.0.0.3\\@evil/' }),
    ['/cameras/0/url'],
  ],
  ['a query in place of a path', camera({ url: 'rtsp://10.0.0.3?@evil/' }), ['/cameras/0/url']],
  [
    'a second line for a playlist',
    camera({ url: "rtsp://10.0.0.3/x'\nfile '/etc/shadow" }),
    ['/cameras/0/url'],
  ],
  [
    'credentials sent to another host',
    camera({ url: 'rtsp://evil.example/', credentialsFile: '10.0.0.3' }),
    ['/cameras/0/credentialsFile'],
  ],
  [
    'credentials without an address beside them',
    { cameraChanges: { door: { credentialsFile: '10.0.0.3' } } },
    ['/cameraChanges/door/credentialsFile'],
  ],
  [
    'a camera that is removed and changed',
    { cameraChanges: { door: { remove: true, fps: 2 } } },
    ['/cameraChanges/door'],
  ],
  [
    'an area of a change beyond the picture',
    { cameraChanges: { door: { masks: [{ x01: 0.9, y01: 0, width01: 0.5, height01: 1 }] } } },
    ['/cameraChanges/door/masks/0'],
  ],
  ['a camera that is no id', { cameraChanges: { Door_1: {} } }, ['/cameraChanges/Door_1']],
  ['two sources', camera({ url: 'rtsp://10.0.0.3/', file: 'a.mp4' }), ['/cameras/0']],
  ['no source', camera({}), ['/cameras/0']],
  [
    'one id twice',
    {
      cameras: [
        { id: 'a', file: 'a.mp4' },
        { id: 'a', file: 'b.mp4' },
      ],
    },
    ['/cameras/1/id'],
  ],
  ['more than a message holds', { cameras: [{ id: 'a', name: 'é'.repeat(40_000), file: 'a.mp4' }] }, ['/']],
  [
    'several wrong things at once',
    {
      dataDir: '/x',
      telemetry: { intervalSec: 0 },
      update: { shadow: { frames: -1 } },
      log: { level: 'loud' },
    },
    ['/dataDir', '/update/shadow/frames', '/telemetry/intervalSec', '/log/level'],
  ],
];
for (const [name, settings, places] of UNSOUND) {
  test(`a fleet may not set ${name}`, () =>
    assert.deepEqual([...problemsOf(settings)].sort(), [...places].sort()));
}
