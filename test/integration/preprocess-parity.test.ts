import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ModelInput, Preprocess } from '@watchpost/shared/bundle/manifest.ts';
import { PREPROCESS_PRESETS } from '@watchpost/shared/bundle/preprocess.ts';
import sharp from 'sharp';
import { planTensorFilter } from '../../agent/src/capture/frames/frame-plan.ts';
import { computeFramePlan } from '../../agent/src/inference/frame-plan.ts';
import { readPicture } from '../../agent/src/inference/sharp-picture.ts';
import { createTensorMaker } from '../../agent/src/inference/tensor.ts';
import {
  compare,
  cover,
  type Difference,
  drawPicture,
  type Filter,
  letterbox,
  type Picture,
  squash,
  toBytes,
} from '../support/reference-resampler.ts';

const SIDES = { width: 96, height: 80 };
const INPUT: ModelInput = { name: 'x', layout: 'NHWC', dtype: 'uint8', channels: 'RGB', ...SIDES };
const FILTERS: readonly Filter[] = ['bilinear', 'bicubic', 'area', 'lanczos'];
const { raw } = PREPROCESS_PRESETS;

/**
 * Edges, fine stripes and grain in the brightness, slow changes in the colour: as cameras deliver, whose colour has half
 * the resolution. In most modes, the middle of what is scaled lies between two pixels.
 */
const drawScene = (width: number, height: number): Picture =>
  drawPicture({ width, height }, (x, y, channel) => {
    const colour = 30 * Math.sin((x / width) * 3 + channel * 2) + 20 * Math.cos((y / height) * 4 - channel);
    const stripes = 25 * Math.sin(x / 3 + y / 7);
    const edge = (x * 3 + y * 5) % 131 < 60 ? 35 : -35;
    const grain = ((x * 7919 + y * 104_729) % 13) - 6;
    return Math.round(Math.min(255, Math.max(0, 120 + colour + stripes + edge + grain)));
  });

const SCENES = { wide: drawScene(338, 213), tall: drawScene(214, 333), small: drawScene(62, 47) } as const;
type SceneName = keyof typeof SCENES;

interface Mode {
  readonly preprocess: Partial<Preprocess>;
  readonly reference: (picture: Picture, filter: Filter) => Picture;
}

/** Of 100: the box that is covered has the input's shape. */
const BOX = { width: 120, height: 100 };
const MODES: Readonly<Record<string, Mode>> = {
  squash: { preprocess: { size: SIDES }, reference: (picture, filter) => squash(picture, SIDES, filter) },
  'shortest edge, centre crop': {
    preprocess: { size: { shortest_edge: 100 }, do_center_crop: true, crop_size: SIDES },
    reference: (picture, filter) => cover(picture, SIDES, BOX, filter),
  },
  'centre crop': {
    preprocess: { do_center_crop: true },
    reference: (picture, filter) => cover(picture, SIDES, SIDES, filter),
  },
  letterbox: {
    preprocess: { do_pad: true, pad_value: 114, size: SIDES },
    reference: (picture, filter) => letterbox(picture, SIDES, 114, filter),
  },
};

let folder = '';
const pathOf = (scene: SceneName): string => join(folder, `${scene}.png`);

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'watchpost-parity-'));
  for (const [name, picture] of Object.entries(SCENES)) {
    const { width, height } = picture;
    await sharp(toBytes(picture), { raw: { width, height, channels: 3 } })
      .png()
      .toFile(join(folder, `${name}.png`));
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

function readWithFfmpeg(path: string, filters: string): Uint8Array {
  const output = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  return execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-vf', filters, ...output]);
}

const words = ({ mean, max }: Difference): string => `mean ${mean.toFixed(2)}, max ${max.toFixed(0)}`;

/** Levels of 255. */
const CAMERA: Difference = { mean: 0.6, max: 10 };
/**
 * libvips scales both sides by one ratio where the definition rounds each, has no box filter, and no filter of its own
 * for pictures smaller than the input: those are up to three, and up to six, levels off on average.
 */
const STILL: Difference = { mean: 3, max: 24 };
const ENLARGED: Difference = { mean: 6, max: 56 };

function assertWithin(found: Difference, limit: Difference, what: string): void {
  assert.ok(found.mean <= limit.mean && found.max <= limit.max, `${what}: ${words(found)}`);
}

for (const [name, { preprocess, reference }] of Object.entries(MODES))
  for (const filter of FILTERS)
    test(`${name}, ${filter}: cameras and still pictures give the picture of the definition`, async (t) => {
      const plan = computeFramePlan({ ...raw, ...preprocess, scale_flags: filter }, INPUT);
      for (const scene of ['wide', 'tall', 'small'] as const) {
        const expected = toBytes(reference(SCENES[scene], filter));
        const camera = compare(readWithFfmpeg(pathOf(scene), planTensorFilter(plan)), expected);
        const still = compare(await readPicture(pathOf(scene), plan), expected);
        t.diagnostic(`${scene}: ffmpeg ${words(camera)}; sharp ${words(still)}`);
        assertWithin(camera, CAMERA, `ffmpeg, ${scene}`);
        assertWithin(still, scene === 'small' ? ENLARGED : STILL, `sharp, ${scene}`);
      }
    });

/** What the definition makes of one level in one channel of the tensor, whose channels mean and deviation follow. */
const NUMBERS: Readonly<Record<string, (level: number, channel: number) => number>> = {
  raw: (level) => level,
  unit: (level) => level / 255,
  tf: (level) => level / 127.5 - 1,
  imagenet: (level, channel) =>
    (level / 255 - ([0.485, 0.456, 0.406][channel] ?? 0)) / ([0.229, 0.224, 0.225][channel] ?? 1),
};
const TENSORS = (['uint8', 'float32'] as const).flatMap((dtype) =>
  (['NHWC', 'NCHW'] as const).flatMap((layout) =>
    (['RGB', 'BGR'] as const).map((channels) => ({ dtype, layout, channels })),
  ),
);

/** Written out element by element, from the picture of the definition before it is rounded. */
function referenceTensor(
  picture: Picture,
  { layout, channels }: Pick<ModelInput, 'layout' | 'channels'>,
  number: (level: number, channel: number) => number,
): readonly number[] {
  const { width, height } = picture;
  const tensor: number[] = [];
  for (let index = 0; index < width * height * 3; index += 1) {
    const channel = layout === 'NHWC' ? index % 3 : Math.floor(index / (width * height));
    const pixel = layout === 'NHWC' ? Math.floor(index / 3) : index % (width * height);
    const colour = channels === 'RGB' ? channel : 2 - channel;
    tensor.push(number(picture.levels[pixel * 3 + colour] ?? 0, channel));
  }
  return tensor;
}

for (const [preset, number] of Object.entries(NUMBERS))
  for (const tensor of TENSORS)
    test(`${preset}, ${tensor.dtype} ${tensor.layout} ${tensor.channels}: from a camera to the tensor of the definition`, () => {
      const input: ModelInput = { ...INPUT, ...tensor };
      const preprocess: Preprocess = {
        ...PREPROCESS_PRESETS[preset as keyof typeof PREPROCESS_PRESETS],
        size: SIDES,
        do_center_crop: false,
        scale_flags: 'bicubic',
      };
      const plan = computeFramePlan(preprocess, input);
      const found = createTensorMaker(
        input,
        preprocess,
      )(readWithFfmpeg(pathOf('wide'), planTensorFilter(plan)));
      const takesPixels = tensor.dtype === 'uint8';
      const picture = squash(SCENES.wide, SIDES, 'bicubic');
      const expected = referenceTensor(picture, tensor, takesPixels ? (level) => level : number);
      // How much one level is, in each of the tensor's numbers.
      const perLevel = takesPixels ? 1 : number(1, 0) - number(0, 0);
      const { mean, max } = compare(found, expected);
      assertWithin({ mean: mean / perLevel, max: max / perLevel }, CAMERA, 'tensor, in levels');
    });
