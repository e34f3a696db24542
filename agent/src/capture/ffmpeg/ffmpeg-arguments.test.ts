import assert from 'node:assert/strict';
import { test } from 'node:test';
import Value from 'typebox/value';
import { CameraConfig } from '../../config/schema.ts';
import type { FramePlan } from '../port.ts';
import { type FfmpegInvocation, type FfmpegSource, planFfmpeg } from './ffmpeg-arguments.ts';

const SQUASH: FramePlan = { width: 64, height: 48, fit: 'squash', scaleFlags: 'bilinear' };

function plan(
  camera: Partial<CameraConfig>,
  rest: Partial<Pick<FfmpegSource, 'plans' | 'tier' | 'fromIndex' | 'credentials'>> = {},
): FfmpegInvocation {
  const config = Value.Default(CameraConfig, { id: 'door', ...camera }) as CameraConfig;
  return planFfmpeg({ camera: config, plans: [SQUASH], socketTimeoutMs: 10_000, ...rest });
}

/** The input's own options: what stands between the common ones and the filters. */
function inputOf({ args }: FfmpegInvocation): string {
  return args
    .slice(args.lastIndexOf('-threads', args.indexOf('-i')) + 2, args.indexOf('-filter_complex'))
    .join(' ');
}

const graphOf = ({ args }: FfmpegInvocation): string => args[args.indexOf('-filter_complex') + 1] ?? '';

const INPUTS: readonly (readonly [string, Partial<CameraConfig>, string])[] = [
  [
    'RTSP over TCP',
    { url: 'rtsp://cam/1' },
    '-reinit_filter 0 -rtsp_transport tcp -timeout 10000000 -allowed_media_types video -fpsprobesize 1 -i rtsp://cam/1',
  ],
  [
    'RTSPS over UDP',
    { url: 'rtsps://cam/1', rtspTransport: 'udp' },
    '-reinit_filter 0 -rtsp_transport udp -timeout 10000000 -allowed_media_types video -fpsprobesize 1 -i rtsps://cam/1',
  ],
  [
    'HTTP MJPEG',
    { url: 'https://cam/video.mjpg' },
    '-reinit_filter 0 -rw_timeout 10000000 -use_wallclock_as_timestamps 1 -tls_verify 1 -i https://cam/video.mjpg',
  ],
  ['a V4L2 device', { device: '/dev/video0' }, '-reinit_filter 0 -f v4l2 -i /dev/video0'],
  ['a file at real-time pace', { file: 'walk: dog.mp4' }, '-reinit_filter 0 -re -i file:walk: dog.mp4'],
];
for (const [name, camera, expected] of INPUTS) {
  test(`the input of ${name}`, () => assert.equal(inputOf(plan(camera)), expected));
}

test('one decoder thread, damaged packets dropped; pictures on pipe 3, grey ones on pipe 4, tensors behind', () => {
  const text = plan({ file: 'a.mp4' }).args.join(' ');
  assert.match(text, /-fflags \+genpts\+discardcorrupt -threads 1 /);
  assert.match(text, /-map \[picture\] -vsync passthrough -c:v mjpeg -q:v 6 .*pipe:3 -map \[frames0\]/);
  assert.match(
    text,
    /-map \[frames0\] [^:]*-f rawvideo [^:]*pipe:4 -map \[frames1\] [^:]*-f rawvideo [^:]*pipe:5$/,
  );
});

test('each further plan is another output of the same decoded picture', () => {
  const wide: FramePlan = { width: 96, height: 32, fit: 'squash', scaleFlags: 'area' };
  const invocation = plan({ file: 'a.mp4' }, { plans: [SQUASH, wide] });
  const graph = graphOf(invocation);
  assert.match(graph, /,split=4\[shown\]\[part0\]\[part1\]\[part2\];/);
  assert.match(graph, /\[part0\]scale=160:90:flags=area,format=gray\[frames0\];/);
  assert.match(graph, /\[part1\]scale=64:48:[^;]*\[frames1\];\[part2\]scale=96:32:[^;]*\[frames2\]$/);
});

test('each region is cut for each plan before it is scaled', () => {
  const wide: FramePlan = { width: 96, height: 32, fit: 'squash', scaleFlags: 'area' };
  const regions = [
    { id: 'gate', x01: 0, y01: 0.5, width01: 0.25, height01: 0.5 },
    { id: 'lawn', x01: 0.5, y01: 0, width01: 0.5, height01: 1 },
  ];
  const graph = graphOf(plan({ file: 'a.mp4', regions }, { plans: [SQUASH, wide] }));
  const gate = "crop='max(2,iw*0.25)':'max(2,ih*0.5)':'iw*0':'ih*0.5'";
  assert.ok(graph.includes(`[part1]${gate},scale=64:48:`) && graph.includes(`[part2]${gate},scale=96:32:`));
  assert.match(graph, /\[part3\]crop='max\(2,iw\*0\.5\)'.*\[part4\]crop=.*\[frames4\]$/);
});

test('masks are painted before the paths part', () => {
  const masks = [
    { x01: 0.1, y01: 0.2, width01: 0.2, height01: 0.3 },
    { x01: 0.9, y01: 0, width01: 0.1, height01: 1 },
  ];
  const graph = graphOf(plan({ url: 'rtsp://cam/1', masks }));
  const [before = '', after = ''] = graph.split(',split=');
  assert.equal(before.match(/drawbox=/g)?.length, 2);
  assert.match(before, /x='floor\(iw\*0\.1\)':y='floor\(ih\*0\.2\)':w='ceil\(iw\*0\.3\)-floor\(iw\*0\.1\)'/);
  assert.doesNotMatch(after, /drawbox/);
});

test('for squares around what moves ffmpeg gives the scene once, whatever the plans', () => {
  const invocation = plan({ file: 'a.mp4', view: 'motion' }, { plans: [SQUASH, { ...SQUASH, width: 32 }] });
  assert.match(
    graphOf(invocation),
    /split=3.*\[part1\]scale='min\(640,iw\)':-2:flags=area,format=rgb24\[frames1\]$/,
  );
  assert.match(invocation.args.join(' '), /-c:v ppm -f image2pipe .*pipe:5$/);
});

test('keyframes alone are decoded without reordering, and none is doubled', () => {
  const { args } = plan({ url: 'rtsp://cam/1' }, { tier: 'keyframes' });
  const text = args.join(' ');
  assert.match(text, /-skip_frame nokey -flags low_delay .*-i rtsp:/);
  assert.match(text, /select='isnan\(prev_selected_t\)\+gte\(t-prev_selected_t,0\.1800\)'/);
  assert.doesNotMatch(text, /fps=\d/);
  assert.doesNotMatch(plan({ url: 'rtsp://cam/1' }).args.join(' '), /skip_frame/);
});

test('a recording goes on at its frame, not after it', () => {
  const seek = inputOf(plan({ file: 'a.mp4', fps: 3 }, { fromIndex: 2 }));
  assert.equal(seek, '-reinit_filter 0 -re -ss 666666us -i file:a.mp4');
});

test('frames are dropped before they are scaled', () => {
  const graph = graphOf(plan({ file: 'a.mp4' }));
  assert.match(graph, /^\[0:v:0\][^;]*fps=5:round=up:start_time=0,split=3\[shown\]\[part0\]\[part1\];/);
  assert.match(graph, /\[shown\]select='[^']*',scale='min\(640,iw\)':-2:flags=area\[picture\];/);
  assert.match(graph, /\[part1\]scale=64:48:flags=bilinear,format=rgb24\[frames1\]$/);
});

test('a live clock is steadied, the clock of a recording is left alone', () => {
  assert.match(graphOf(plan({ url: 'rtsp://cam/1' })), /clip\(PTS-PREV_INPTS,0,10\/TB\)/);
  assert.match(graphOf(plan({ device: '/dev/video0', fps: 0.2 })), /clip\(PTS-PREV_INPTS,0,10\/TB\)/);
  assert.doesNotMatch(graphOf(plan({ file: 'a.mp4' })), /setpts/);
  assert.doesNotMatch(graphOf(plan({ url: 'rtsp://cam/1' })), /start_time/);
});

test('people see the first picture at once, then the first of each half second', () => {
  assert.match(
    graphOf(plan({ url: 'rtsp://cam/1' })),
    /\[shown\]select='isnan\(prev_selected_t\)\+gt\(floor\(2\*t\+0\.001\),floor\(2\*prev_selected_t\+0\.001\)\)',/,
  );
});

test('a slow camera shows people each of its pictures', () => {
  assert.match(graphOf(plan({ file: 'a.mp4', fps: 2 })), /\[shown\]scale=/);
});

const COVERS: readonly (readonly [number | undefined, string])[] = [
  [undefined, 'scale=224:224:force_original_aspect_ratio=increase:flags=bicubic'],
  [256, 'scale=256:256:force_original_aspect_ratio=increase:flags=bicubic'],
  [100, 'scale=224:224:force_original_aspect_ratio=increase:flags=bicubic'],
];
for (const [shortestEdge, scale] of COVERS) {
  test(`a covering plan whose shortest edge is ${shortestEdge ?? 'free'} crops after scaling`, () => {
    const cover: FramePlan = {
      width: 224,
      height: 224,
      fit: 'cover',
      scaleFlags: 'bicubic',
      ...(shortestEdge !== undefined && { shortestEdge }),
    };
    const graph = graphOf(plan({ file: 'a.mp4' }, { plans: [cover] }));
    assert.ok(
      graph.includes(`[part1]${scale},format=rgb24,crop=224:224:ceil((iw-ow)/2):ceil((ih-oh)/2)[frames1]`),
      graph,
    );
  });
}

test('credentials go to standard input, percent-encoded, never to the command line', () => {
  const credentials = { user: 'ann', password: "s3/c'ret" };
  const { args, stdin } = plan({ url: 'rtsp://cam/1' }, { credentials });
  assert.doesNotMatch(args.join(' '), /ann:|s3%/);
  assert.deepEqual(stdin?.split('\n'), [
    'ffconcat version 1.0',
    "file 'rtsp://ann:s3%2Fc%27ret@cam/1'",
    'option rtsp_transport tcp',
    'option timeout 10000000',
    'option allowed_media_types video',
    'option fpsprobesize 1',
    '',
  ]);
});

test('an address that carries credentials itself takes the same way, and cannot leave its quotes', () => {
  const { args, stdin } = plan({ url: "http://ann:secret@cam/a'\nfile b" });
  assert.doesNotMatch(args.join(' '), /secret/);
  assert.match(stdin ?? '', /\nfile 'http:\/\/ann:secret@cam\/a%27%0afile%20b'\n/);
});

test('without credentials nothing is written to standard input', () => {
  assert.equal(plan({ url: 'rtsp://cam/1' }).stdin, undefined);
});
