import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { convolve } from './convolution.ts';
import { startTensorflow } from './tensorflow-wasm.ts';

before(startTensorflow);

function noise(shape: [number, number, number, number], seed: number): tf.Tensor4D {
  return tf.randomNormal(shape, 0, 1, 'float32', seed);
}

/** Slope of `f` along `direction`, measured by taking a small step both ways. */
function slopeAlong(f: (x: tf.Tensor4D) => tf.Tensor, at: tf.Tensor4D, direction: tf.Tensor4D): number {
  const step = direction.mul(0.01);
  return (
    f(at.add(step))
      .sub(f(at.sub(step)))
      .div(0.02)
      .dataSync()[0] ?? Number.NaN
  );
}

for (const { stride, rows, columns } of [
  { stride: 1, rows: 7, columns: 8 },
  { stride: 2, rows: 7, columns: 8 },
  { stride: 2, rows: 6, columns: 9 },
]) {
  test(`with stride ${stride} on ${rows}x${columns}, both gradients agree with measured slopes`, () => {
    const x = noise([2, rows, columns, 3], 1);
    const kernel = noise([3, 3, 3, 4], 2);
    const weighing = noise(convolve(x, kernel, stride, 'maps').shape, 3);
    const score = (a: tf.Tensor, b: tf.Tensor): tf.Scalar =>
      convolve(a as tf.Tensor4D, b as tf.Tensor4D, stride, 'maps')
        .mul(weighing)
        .sum();
    const [toInput, toKernel] = tf.grads(score)([x, kernel]) as [tf.Tensor, tf.Tensor];
    const [alongX, alongKernel] = [noise(x.shape, 4), noise(kernel.shape, 5)];
    const pairs = [
      [toInput.mul(alongX).sum().dataSync()[0], slopeAlong((a) => score(a, kernel), x, alongX)],
      [toKernel.mul(alongKernel).sum().dataSync()[0], slopeAlong((b) => score(x, b), kernel, alongKernel)],
    ];
    for (const [computed = Number.NaN, measured = Number.NaN] of pairs) {
      assert.ok(Math.abs(computed - measured) < 0.05, `${computed} against ${measured}`);
    }
  });
}
