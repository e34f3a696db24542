import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runReplay } from '../../agent/src/cli/replay.ts';
import { memoryIo } from '../support/memory-io.ts';
import { DATA, NEEDS_DATA } from '../support/real-data.ts';

const TOLERANCE = 0.02;

/** In the order of the columns of the reference table. */
const MODELS = [
  ['petpark_v2_fp32.onnx', 'petpark_labels.txt', '--preprocess', 'tf'],
  ['petpark_v2_int8_u8nhwc.onnx', 'petpark_labels.txt'],
  ['mobilenetv2_224_fp32.onnx', 'imagenet_labels.txt', '--preprocess', 'tf'],
  ['mobilenetv2_224_qdq_u8nhwc.onnx', 'imagenet_labels.txt'],
  ['mobilenetv1_025_128_fp32.onnx', 'imagenet_labels.txt', '--preprocess', 'tf'],
] as const;

/** Rows of the table of photographs: file, then `label probability` per model. */
function readReference(): readonly (readonly string[])[] {
  const lines = readFileSync(join(DATA, 'SOURCES.md'), 'utf8').split('\n');
  const rows = lines.map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.filter(([, file]) => /\.(bmp|jpg)$/.test(file ?? '')).map((row) => row.slice(1, -1));
}

async function replayJson(model: readonly string[], input: string, ...options: readonly string[]) {
  const [file = '', labels = '', ...preprocess] = model;
  const { io, written } = memoryIo();
  const named = ['--model', join(DATA, 'models', file), '--labels', join(DATA, 'models', labels)];
  const code = await runReplay(
    [...named, ...preprocess, '--input', join(DATA, input), '--json', ...options],
    io,
  );
  assert.equal(code, 0, written.stderr);
  const lines = written.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { frames: lines.slice(0, -1), summary: lines.at(-1).summary };
}

for (const [column, model] of MODELS.entries())
  test(`${model[0]} gives the reference results on every photograph`, NEEDS_DATA, async () => {
    const { frames } = await replayJson(model, 'photos');
    const found = new Map(frames.map((frame) => [frame.input, frame]));
    const reference = readReference();
    assert.equal(reference.length, 12);
    for (const [file = '', ...results] of reference) {
      const [, label, probability] = /^(.*) ([\d.]+)$/.exec(results[column] ?? '') ?? [];
      const frame = found.get(file);
      assert.equal(frame?.label, label, file);
      const difference = Math.abs(frame.probability - Number(probability));
      assert.ok(difference <= TOLERANCE, `${file}: ${frame.probability} is not ${probability}`);
    }
  });

test(
  'the quantised MobileNetV1 names nearly every photograph as its float form does',
  NEEDS_DATA,
  async () => {
    const float = await replayJson(MODELS[4], 'photos');
    const int8 = await replayJson(['mobilenetv1_025_128_qdq.onnx', ...MODELS[4].slice(1)], 'photos');
    const equal = float.frames.filter((frame, index) => frame.label === int8.frames[index].label);
    assert.ok(equal.length >= 10, `${equal.length} of 12`);
  },
);

for (const [clip, label, frames] of [
  ['cat.mp4', 'cat', 223],
  ['dog.mp4', 'dog', 220],
] as const)
  test(
    `the ${label} of ${clip} is a ${label} on nine of ten frames, in both forms of the model`,
    NEEDS_DATA,
    async () => {
      for (const model of MODELS.slice(0, 2)) {
        const { summary } = await replayJson(model, `video/${clip}`);
        assert.equal(summary.frames, frames);
        const share = summary.perLabel[label] / frames;
        assert.ok(share >= 0.9, `${model[0]}: ${share}`);
      }
    },
  );

test(
  'at five frames per second the clips give the reference counts over a threshold of 0.6',
  NEEDS_DATA,
  async () => {
    const countOver = async (clip: string) => {
      const { frames } = await replayJson(MODELS[1], `video/${clip}`, '--fps', '5');
      const labels = frames.map((frame) => (frame.probability < 0.6 ? 'other' : frame.label));
      return ['cat', 'dog', 'other'].map((name) => labels.filter((label) => label === name).length);
    };
    const isNear = (found: readonly number[], expected: readonly number[]) =>
      assert.ok(
        expected.every((count, index) => Math.abs(count - (found[index] ?? 0)) <= 3),
        `${found}, not ${expected}`,
      );
    isNear(await countOver('cat.mp4'), [42, 0, 3]);
    isNear(await countOver('dog.mp4'), [0, 45, 1]);
  },
);
