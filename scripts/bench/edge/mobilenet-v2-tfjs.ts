import * as tf from '@tensorflow/tfjs';

/** Expansion, channels, repeats and first stride of the stages of MobileNetV2 (Sandler et al. 2018, table 2). */
const STAGES: readonly (readonly [number, number, number, 1 | 2])[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

export type Network = (input: tf.Tensor4D) => tf.Tensor;

/**
 * MobileNetV2 1.0 as a converted graph runs in TensorFlow.js: convolution, bias and activation fused. Its weights are
 * random, which costs the same time.
 */
export function buildMobileNetV2(labels: number): Network {
  const steps: Network[] = [conv({ from: 3, to: 32, side: 3, stride: 2 })];
  let channels = 32;
  for (const [expansion, output, repeats, stride] of STAGES) {
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      steps.push(block({ from: channels, to: output, expansion, stride: repeat === 0 ? stride : 1 }));
      channels = output;
    }
  }
  steps.push(conv({ from: channels, to: 1280 }));
  const head = conv({ from: 1280, to: labels, activation: 'linear' });
  return (input) =>
    tf.tidy(() => {
      const features = steps.reduce<tf.Tensor>((tensor, step) => step(tensor as tf.Tensor4D), input);
      const pooled = tf.mean(features, [1, 2], true) as tf.Tensor4D;
      return tf.softmax(head(pooled).reshape([1, labels]));
    });
}

interface Block {
  readonly from: number;
  readonly to: number;
  readonly expansion: number;
  readonly stride: 1 | 2;
}

function block({ from, to, expansion, stride }: Block): Network {
  const wide = from * expansion;
  const widen = expansion === 1 ? (input: tf.Tensor4D) => input : conv({ from, to: wide });
  const [filter, bias] = [kernel(3, 3, wide, 1), biases(wide)];
  const narrow = conv({ from: wide, to, activation: 'linear' });
  return (input) => {
    const x = widen(input) as tf.Tensor4D;
    const options = { x, filter, strides: stride, pad: 'same', bias, activation: 'relu6' } as const;
    const output = narrow(tf.fused.depthwiseConv2d(options));
    return stride === 1 && from === to ? tf.add(input, output) : output;
  };
}

interface Convolution {
  readonly from: number;
  readonly to: number;
  readonly side?: number;
  readonly stride?: 1 | 2;
  readonly activation?: 'relu6' | 'linear';
}

function conv({ from, to, side = 1, stride = 1, activation = 'relu6' }: Convolution): Network {
  const [filter, bias] = [kernel(side, side, from, to), biases(to)];
  return (x) => tf.fused.conv2d({ x, filter, strides: stride, pad: 'same', bias, activation });
}

const kernel = (...shape: [number, number, number, number]): tf.Tensor4D =>
  tf.randomUniform<tf.Rank.R4>(shape, -0.05, 0.05);
const biases = (channels: number): tf.Tensor1D => tf.randomUniform<tf.Rank.R1>([channels], -0.05, 0.05);
