import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatList, formatYaml } from './describe-cameras.ts';
import type { FoundCamera, FoundStream } from './port.ts';

const SUB: FoundStream = {
  name: 'sub',
  url: 'rtsp://10.0.0.3/102',
  isCensored: false,
  codec: 'H264',
  width: 640,
  height: 360,
  framesPerSec: 8,
};
const CAMERA: FoundCamera = {
  kind: 'described',
  address: '10.0.0.3:8080',
  maker: 'Maker',
  model: 'M "1"',
  streams: [{ ...SUB, name: 'main', width: 1920, height: 1080 }, SUB],
};
const FAILED: FoundCamera = {
  kind: 'failed',
  address: '10.0.0.4',
  code: 'CAMERA_AUTH',
  detail: '10.0.0.4: no login',
};

test('the settings of a chosen stream are ready for agent.yaml, what failed is left out', () => {
  const cameras = [{ camera: CAMERA, stream: SUB }, { camera: FAILED }];
  assert.equal(
    formatYaml(cameras, { fps: 5, credentialsFile: '/etc/watchpost/door' }),
    `cameras:
  # Maker M "1" at 10.0.0.3:8080: sub, H264 640x360, 8 fps
  - id: camera-10-0-0-3-8080
    name: "Maker M \\"1\\""
    url: "rtsp://10.0.0.3/102"
    credentialsFile: "/etc/watchpost/door"
    fps: 5
`,
  );
});

test('an address that wants a password says so', () => {
  const stream = { ...SUB, isCensored: true };
  assert.match(formatYaml([{ camera: CAMERA, stream }], { fps: 5 }), /fill in the \*\*\*/);
});

test('the list marks what was chosen and names what failed', () => {
  assert.equal(
    formatList([{ camera: CAMERA, stream: SUB }, { camera: FAILED }]),
    `10.0.0.3:8080: Maker M "1"
    main, H264 1920x1080, 8 fps  rtsp://10.0.0.3/102
  > sub, H264 640x360, 8 fps  rtsp://10.0.0.3/102
10.0.0.4: no login [CAMERA_AUTH]
`,
  );
});
