import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { PREPROCESS_PRESETS } from '@watchpost/shared/bundle/preprocess.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import sharp from 'sharp';
import { runReplay } from '../../agent/src/cli/replay.ts';
import { memoryIo } from '../support/memory-io.ts';
import { tinyOnnx } from '../support/tiny-onnx.ts';
import { writeTinyTfjs } from '../support/tiny-tfjs.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
const ffmpeg = (...args: readonly string[]) => execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'watchpost-replay-'));
  const size = { width: 4, height: 2 } as const;
  writeFileSync(at('tiny.onnx'), tinyOnnx({ dtype: 'uint8', layout: 'NHWC', ...size }));
  writeFileSync(
    at('float.onnx'),
    tinyOnnx({ dtype: 'float32', layout: 'NCHW', ending: 'logits', factor: 5, ...size }),
  );
  writeFileSync(at('labels.txt'), 'red\ngreen\nblue\n');
  writeFileSync(at('twins.txt'), 'crane\ngreen\ncrane\n');
  writeFileSync(at('text.mp4'), 'no video\n'.repeat(1000));
  mkdirSync(at('pictures/deeper'), { recursive: true });
  const red = sharp({ create: { width: 40, height: 30, channels: 4, background: '#ff0000' } });
  await red.clone().png().toFile(at('pictures/a.png'));
  await red.clone().jpeg().toFile(at('pictures/b.JPG'));
  await red.clone().webp().toFile(at('pictures/deeper/c.webp'));
  ffmpeg('-i', at('pictures/a.png'), '-pix_fmt', 'bgr24', at('pictures/d.bmp'));
  ffmpeg('-i', at('pictures/a.png'), '-pix_fmt', 'bgra', at('pictures/e.bmp'));
  writeFileSync(at('pictures/notes.txt'), 'not a picture');
  const colour = (name: string) => ['-f', 'lavfi', '-i', `color=${name}:s=64x48:r=10:d=1`];
  const joined = ['-filter_complex', 'concat=n=2', '-c:v', 'ffv1', '-pix_fmt', 'bgr0'];
  ffmpeg(...colour('red'), ...colour('blue'), ...joined, at('film.mkv'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...argv: readonly string[]): Promise<Run> {
  const { io, written } = memoryIo();
  return { code: await runReplay(argv, io), ...written };
}

const MODEL = (): string[] => ['--model', at('tiny.onnx'), '--labels', at('labels.txt')];

/** The lines of a run with --json that has to succeed: frames, and the summary. */
async function records(...argv: readonly string[]) {
  const { code, stdout, stderr } = await run(...argv, '--json');
  assert.equal(code, 0, stderr);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { frames: lines.slice(0, -1), summary: lines.at(-1).summary };
}

test('pictures of every format in a folder are classified in the order of their names', async () => {
  const { frames, summary } = await records(...MODEL(), '--input', at('pictures'));
  const names = ['a.png', 'b.JPG', 'd.bmp', 'deeper/c.webp', 'e.bmp'];
  assert.deepEqual(
    frames.map((it) => it.input),
    names,
  );
  assert.deepEqual(summary.perLabel, { red: 5 });
  assert.deepEqual(Object.keys(frames[0]), [
    'input',
    'frame',
    'label',
    'probability',
    'probabilities',
    'inferMs',
  ]);
  assert.ok(frames.every((it) => it.frame === 0 && it.label === 'red' && it.probabilities.red > 0.98));
});

test('a video is replayed frame by frame, none left out', async () => {
  const { frames, summary } = await records(...MODEL(), '--input', at('film.mkv'));
  const expected = Array.from({ length: 20 }, (_, frame) => ({ frame, label: frame < 10 ? 'red' : 'blue' }));
  assert.deepEqual(
    frames.map(({ frame, label }) => ({ frame, label })),
    expected,
  );
  assert.equal(frames[0].input, 'film.mkv');
  assert.equal(summary.frames, 20);
});

test('with --fps fewer frames of a video are replayed, with --limit only the first', async () => {
  assert.equal((await records(...MODEL(), '--input', at('film.mkv'), '--fps', '5')).summary.frames, 10);
  const limited = await records(...MODEL(), '--input', at('film.mkv'), '--limit', '3');
  assert.deepEqual(
    limited.frames.map((it) => it.frame),
    [0, 1, 2],
  );
});

test('a reader slower than ffmpeg gets every frame', async () => {
  const lines: string[] = [];
  const stdout = new Writable({
    highWaterMark: 1,
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      setImmediate(done);
    },
  });
  const code = await runReplay([...MODEL(), '--input', at('film.mkv'), '--json'], {
    stdout,
    stderr: new PassThrough(),
  });
  assert.equal(code, 0);
  assert.equal(lines.length, 21);
});

test('a reader that goes away ends the replay without an error', async () => {
  const stdout = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    },
  });
  assert.equal(
    await runReplay([...MODEL(), '--input', at('film.mkv')], { stdout, stderr: new PassThrough() }),
    0,
  );
});

test('a float model with logits is read from its file, and its preprocessing from the flag', async () => {
  const model = ['--model', at('float.onnx'), '--labels', at('labels.txt'), '--input', at('pictures/a.png')];
  const { frames } = await records(...model, '--preprocess', 'unit');
  assert.equal(frames[0].label, 'red');
  assert.ok(Math.abs(frames[0].probability - 1 / (1 + 2 * Math.exp(-5))) < 1e-4);
  writeFileSync(
    at('preprocessor_config.json'),
    JSON.stringify({ do_rescale: true, rescale_factor: 1 / 255 }),
  );
  const other = await records(...model, '--preprocess', at('preprocessor_config.json'));
  assert.deepEqual(other.frames[0].probabilities, frames[0].probabilities);
});

test('labels that are equal are kept apart by their index', async () => {
  const { frames } = await records(
    '--model',
    at('tiny.onnx'),
    '--labels',
    at('twins.txt'),
    '--input',
    at('film.mkv'),
  );
  assert.deepEqual([...new Set(frames.map((it) => it.label))], ['crane', 'crane (2)']);
  assert.deepEqual(Object.keys(frames[0].probabilities).toSorted(), ['crane', 'crane (2)', 'green']);
});

test('without --json a table no wider than 100 columns is written', async () => {
  const { stdout, code } = await run(...MODEL(), '--input', at('pictures'));
  assert.equal(code, 0);
  assert.ok(stdout.split('\n').every((line) => line.length <= 100));
  assert.match(stdout, /^input +frame label +p +ms\na\.png +0 red +0\.9\d\d +\d+\.\d\n/);
  assert.match(stdout, /5 100\.0 % {2}red\n5 frames, .* per second/);
});

test('--help explains the command', async () => {
  const { stdout, code } = await run('--help');
  assert.equal(code, 0);
  assert.match(stdout, /--preprocess HOW/);
  assert.ok(stdout.split('\n').every((line) => line.length <= 100));
});

async function writeBundle(): Promise<string> {
  const bundle = at('bundle');
  mkdirSync(join(bundle, 'tfjs'), { recursive: true });
  writeFileSync(join(bundle, 'tiny.onnx'), readFileSync(at('tiny.onnx')));
  await writeTinyTfjs(join(bundle, 'tfjs'), 4, 2);
  const files = ['tiny.onnx', 'tfjs/model.json', 'tfjs/weights.bin'].map((path) => {
    const bytes = readFileSync(join(bundle, path));
    return { path, sha256: sha256Hex(bytes), sizeBytes: bytes.length };
  });
  const variant = { precision: 'fp32', cpuFeatures: [] };
  const manifest = {
    schemaVersion: 1,
    model: 'tiny',
    version: '1.0.0',
    releaseCounter: 1,
    requires: {},
    files,
    variants: [
      { ...variant, name: 'onnx', runtime: 'onnx', file: 'tiny.onnx' },
      { ...variant, name: 'js', runtime: 'tfjs', file: 'tfjs/model.json' },
    ],
    input: { name: 'input', layout: 'NHWC', dtype: 'uint8', width: 4, height: 2, channels: 'RGB' },
    preprocess: PREPROCESS_PRESETS.raw,
    output: { name: 'output', activation: 'probabilities', labels: ['red', 'green', 'blue'], temperature: 1 },
    decision: {
      window: 1,
      enter: 0.6,
      exit: 0.4,
      minVotes: 1,
      minDwellSec: 0,
      cooldownSec: 0,
      rejectBelow: 0,
      background: [],
    },
    golden: [],
    metrics: {},
    lineage: {},
  };
  writeFileSync(join(bundle, 'manifest.json'), JSON.stringify(manifest));
  return bundle;
}

test('a bundle is replayed with its first variant or the one that is named, with equal results', async () => {
  const bundle = await writeBundle();
  const input = ['--input', at('film.mkv')];
  const first = await records('--bundle', bundle, ...input);
  const named = await records('--bundle', bundle, '--variant', 'js', ...input);
  assert.deepEqual(first.summary.perLabel, { red: 10, blue: 10 });
  for (const [index, frame] of first.frames.entries())
    assert.ok(Math.abs(frame.probability - named.frames[index].probability) < 1e-4);
  assert.match(
    (await run('--bundle', bundle, '--variant', 'x', ...input)).stderr,
    /it has onnx, js \[USAGE_INVALID\]/,
  );
});

test('a bundle with a changed or a missing file is refused', async () => {
  const bundle = await writeBundle();
  writeFileSync(join(bundle, 'tiny.onnx'), 'changed');
  const changed = await run('--bundle', bundle, '--input', at('film.mkv'));
  assert.deepEqual([changed.code, /BUNDLE_DIGEST_MISMATCH/.test(changed.stderr)], [2, true]);
  rmSync(join(bundle, 'tiny.onnx'));
  const missing = await run('--bundle', bundle, '--input', at('film.mkv'));
  assert.deepEqual([missing.code, /BUNDLE_FILE_MISSING/.test(missing.stderr)], [2, true]);
});

const withInput = (input: string) => (): string[] => [...MODEL(), '--input', at(input)];
const withModel = (model: string, labels: string) => (): string[] => [
  '--model',
  at(model),
  '--labels',
  at(labels),
  '--input',
  at('pictures'),
];

for (const [name, argv, code, words] of [
  ['no input', () => MODEL(), 'USAGE_INVALID', /--input/],
  ['no model', () => ['--input', at('pictures')], 'USAGE_INVALID', /--bundle or --model/],
  ['no labels', () => ['--model', at('tiny.onnx'), '--input', at('pictures')], 'USAGE_INVALID', /--labels/],
  ['an unknown flag', () => ['--speed', '3'], 'USAGE_INVALID', /--speed/],
  [
    'a limit that is no number',
    () => [...withInput('pictures')(), '--limit', 'x'],
    'USAGE_INVALID',
    /--limit x/,
  ],
  ['both kinds of model', () => [...withInput('pictures')(), '--bundle', '.'], 'USAGE_INVALID', /--bundle/],
  ['an input that is not there', withInput('gone.mp4'), 'INPUT_MISSING', /gone\.mp4/],
  ['a folder without pictures', withInput('empty'), 'INPUT_MISSING', /no picture/],
  ['a text called a video', withInput('text.mp4'), 'PICTURE_UNREADABLE', /text\.mp4/],
  ['a file that is no video', withInput('tiny.onnx'), 'PICTURE_UNREADABLE', /tiny\.onnx/],
  ['a file that is no picture', withInput('broken.png'), 'PICTURE_UNREADABLE', /broken\.png/],
  ['a bitmap that is none', withInput('broken.bmp'), 'PICTURE_UNREADABLE', /broken\.bmp/],
  ['a model that is not there', withModel('gone.onnx', 'labels.txt'), 'INPUT_MISSING', /gone\.onnx/],
  ['labels that are not there', withModel('tiny.onnx', 'gone.txt'), 'INPUT_MISSING', /gone\.txt/],
  ['a model that is none', withModel('labels.txt', 'labels.txt'), 'MODEL_UNREADABLE', /labels\.txt/],
  ['too many labels', withModel('tiny.onnx', 'text.mp4'), 'LABELS_MISMATCH', /3 labels.*1000/],
  [
    'a float model without preprocessing',
    withModel('float.onnx', 'labels.txt'),
    'PREPROCESS_REQUIRED',
    /float\.onnx.*imagenet.*x\/127\.5 - 1/,
  ],
  [
    'a folder that is no bundle',
    () => ['--bundle', folder, '--input', at('pictures')],
    'INPUT_MISSING',
    /manifest\.json/,
  ],
] as const)
  test(`${name} ends with code 2 and ${code}`, async () => {
    mkdirSync(at('empty'), { recursive: true });
    writeFileSync(at('broken.png'), 'not a picture');
    writeFileSync(at('broken.bmp'), 'not a picture');
    const result = await run(...argv());
    assert.equal(result.code, 2, result.stderr);
    assert.match(result.stderr, new RegExp(`\\[${code}\\]`));
    assert.match(result.stderr, words);
    assert.equal(result.stdout, '');
  });
