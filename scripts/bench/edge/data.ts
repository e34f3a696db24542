import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Manifest, parseManifest } from '@watchpost/shared/bundle/manifest.ts';
import { MANIFEST_FILE } from '@watchpost/shared/bundle/paths.ts';
import { LAYOUT } from '../../demo/layout.ts';
import { ensureParkVideo } from '../../demo/park-videos.ts';
import { runFleetctl } from '../../demo/run-command.ts';

const run = promisify(execFile);
const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
export const DEFAULT_DATA = resolve(fromRoot('../shared/data'));
/** Videos that were made once. */
const CACHE = fromRoot('.cache/bench');

/** A model as a bundle: what the agent is given, and what the baselines read. */
export interface BenchModel {
  readonly name: string;
  /** Of the bundle. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** The file of its only ONNX variant. */
  readonly path: string;
}

export interface BenchData {
  readonly int8: BenchModel;
  /** Undefined where the folder of real models is missing. */
  readonly fp32: BenchModel | undefined;
  /** Folder of a bundle of the same int8 model, as its next version. */
  nextInt8(): Promise<string>;
  /** 1920x1080, 25 fps, H.264, with a scene that moves. */
  video1080p(): Promise<string>;
  /** 640x360, 25 fps. */
  video360p(): Promise<string>;
  /** The same, but nothing moves; a sensor has its noise all the same. */
  stillVideo360p(): Promise<string>;
}

interface Source {
  readonly int8: ModelSource;
  readonly fp32?: ModelSource;
  clip(): Promise<string>;
  /** Part of the names of videos made of the clip. */
  readonly name: string;
}

interface ModelSource {
  readonly onnx: string;
  readonly labels: string;
  /** A file, or its content. */
  readonly preprocess: string | object;
}

/** The real models and clips of `folder`; where it is absent, the project's own, with a word to say so. */
export async function openData(
  folder: string,
  scratch: string,
  say: (text: string) => void,
): Promise<BenchData> {
  const source = chooseSource(folder, say);
  await mkdir(CACHE, { recursive: true });
  const make = (size: string, filters: string, options: readonly string[]) => async () =>
    ensureVideo(join(CACHE, `${source.name}-${size}.mp4`), {
      clip: await source.clip(),
      filters,
      options,
      say,
    });
  return {
    int8: await buildModel('int8', source.int8, scratch),
    fp32: source.fp32 === undefined ? undefined : await buildModel('fp32', source.fp32, scratch),
    nextInt8: async () => (await buildModel('int8', source.int8, scratch, '2.0.0')).folder,
    video1080p: make('1080p25', scaleTo(1920, 1080), ['-crf', '20']),
    video360p: make('360p25', scaleTo(640, 360), ['-crf', '20']),
    stillVideo360p: make('still-360p25', `loop=-1:1,${scaleTo(640, 360)},${NOISE}`, ['-crf', '23']),
  };
}

/** The centre square, bilinear, as OpenCV is told to: the same work on both sides. */
const COVER = {
  ...{ do_resize: true, size: { shortest_edge: 224 }, resample: 2, scale_flags: 'bilinear' },
  ...{ do_center_crop: true, crop_size: { width: 224, height: 224 } },
  ...{ do_rescale: false, do_normalize: false },
};
const FROM_MINUS_ONE_TO_ONE = {
  ...{ do_rescale: true, rescale_factor: 1 / 127.5 },
  ...{ do_normalize: true, image_mean: [1, 1, 1], image_std: [1, 1, 1] },
};

/** What a sensor adds by daylight. */
const NOISE = 'noise=alls=3:allf=t';
const scaleTo = (width: number, height: number): string =>
  `fps=25,scale=${width}:${height}:flags=bicubic,setsar=1,setpts=N/25/TB`;

function chooseSource(folder: string, say: (text: string) => void): Source {
  const model = (name: string): string => join(folder, 'models', name);
  const [int8, fp32] = [model('mobilenetv2_224_qdq_u8nhwc.onnx'), model('mobilenetv2_224_fp32.onnx')];
  const [clip, labels] = [join(folder, 'video/dog.mp4'), model('imagenet_labels.txt')];
  if ([int8, fp32, clip, labels].every((file) => existsSync(file)))
    return {
      int8: { onnx: int8, labels, preprocess: COVER },
      fp32: { onnx: fp32, labels, preprocess: { ...COVER, ...FROM_MINUS_ONE_TO_ONE } },
      clip: async () => clip,
      name: 'dog',
    };
  say(`no real models in ${folder}: the project's own small model and a drawn park stand in, so no figure of
bench: the targets (MobileNetV2) is comparable, and those of fp32 are missing`);
  const part = (name: string): string => join(LAYOUT.demoModel, name);
  return {
    int8: { onnx: part('petpark.onnx'), labels: part('labels.txt'), preprocess: part('preprocess.json') },
    clip: async () => (await ensureParkVideo(11, 20, new AbortController().signal)).file,
    name: 'park',
  };
}

async function buildModel(
  name: string,
  source: ModelSource,
  scratch: string,
  version = '1.0.0',
): Promise<BenchModel> {
  const folder = join(scratch, `bundle-${name}-${version}`);
  const { onnx, labels, preprocess } = source;
  const file = typeof preprocess === 'string' ? preprocess : join(scratch, `preprocess-${name}.json`);
  if (typeof preprocess !== 'string') await writeFile(file, JSON.stringify(preprocess));
  const what = ['--name', `bench-${name}`, '--version', version, '--out', folder];
  await runFleetctl(['bundle', 'build', '--onnx', onnx, '--labels', labels, '--preprocess', file, ...what]);
  const manifest = parseManifest(JSON.parse(await readFile(join(folder, MANIFEST_FILE), 'utf8')));
  const variant = manifest.variants.find(({ runtime }) => runtime === 'onnx');
  if (variant === undefined) throw new TypeError('the bundle has no ONNX variant');
  return { name, folder, manifest, path: join(folder, variant.file) };
}

interface VideoPlan {
  readonly clip: string;
  readonly filters: string;
  readonly options: readonly string[];
  readonly say: (text: string) => void;
}

/** Long enough for the longest run that reads a file to its end. */
const VIDEO_SEC = 20;

/** As a camera codes: H.264, a keyframe every two seconds, no B-frames. */
async function ensureVideo(file: string, { clip, filters, options, say }: VideoPlan): Promise<string> {
  if (existsSync(file)) return file;
  say(`making ${file} (once) …`);
  const part = `${file}.part.mp4`;
  const codec = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '0', '-g', '50', '-pix_fmt', 'yuv420p'];
  const input = ['-v', 'error', '-nostdin', '-y', '-stream_loop', '-1', '-i', clip, '-an'];
  const output = ['-vf', filters, ...codec, ...options, '-t', String(VIDEO_SEC), '-movflags', '+faststart'];
  try {
    await run('ffmpeg', [...input, ...output, part]);
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
  return file;
}
