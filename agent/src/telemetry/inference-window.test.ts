import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeInferenceWindow } from './inference-window.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const reading = (digest: string | undefined, frames: number, inferP95Ms?: number) => ({
  digest,
  framesCaptured: frames * 2,
  framesClassified: frames,
  framesFailed: frames / 10,
  ...(inferP95Ms !== undefined && { inferP95Ms }),
});

test('a window tells what the model did in it, with the latency at its end', () => {
  assert.deepEqual(computeInferenceWindow([reading(A, 100), reading(A, 150, 30), reading(A, 300, 40)]), {
    digest: A,
    framesCaptured: 400,
    framesClassified: 200,
    framesFailed: 20,
    inferP95Ms: 40,
  });
});

test('of what was left out on purpose a window tells by the frames there were to classify', () => {
  const at = (frames: number) => ({ ...reading(A, frames), framesDue: frames + 5 });
  const window = computeInferenceWindow([at(100), at(160)]);
  assert.deepEqual([window?.framesCaptured, window?.framesDue, window?.framesClassified], [120, 60, 60]);
});

test('a window without a model, or with two, tells nothing', () => {
  for (const digests of [[A, B], [A, B, A], [undefined, A], [A, undefined], [A], []]) {
    assert.equal(
      computeInferenceWindow(digests.map((digest, index) => reading(digest, index * 10))),
      undefined,
    );
  }
});
