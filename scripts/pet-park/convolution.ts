import * as tf from '@tensorflow/tfjs';

// The WebAssembly backend has no gradient of a convolution with respect to its kernel, and a slow one with
// respect to its input. Both gradients are convolutions themselves, so they are written as such and run at the
// speed of the forward pass.

const BORDER: [number, number][] = [
  [0, 0],
  [1, 1],
  [1, 1],
  [0, 0],
];

type Shape4 = [number, number, number, number];

/**
 * With stride 2, an even input row is reached by kernel row 1 from one output row, an odd one by rows 2 and 0 from
 * two output rows; columns likewise. Each kind of row is one small convolution that yields both kinds of columns as
 * channels, and laying even and odd rows one after the other is a concatenation.
 */
function strideTwoGradientOfInput(dy: tf.Tensor4D, kernel: tf.Tensor4D, shape: Shape4): tf.Tensor4D {
  const [count, rows, columns, inputs] = shape;
  const [, outRows, outColumns] = dy.shape;
  const [top, middle, bottom] = tf.split(tf.transpose(kernel, [0, 1, 3, 2]), 3, 0) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const columnPairs = (taps: tf.Tensor): tf.Tensor4D => {
    const [left, centre, right] = tf.split(taps, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const even = tf.concat([centre, tf.zerosLike(centre)], 1);
    return tf.concat([even, tf.concat([right, left], 1)], 3) as tf.Tensor4D;
  };
  const ahead = tf.pad(dy, [
    [0, 0],
    [0, 1],
    [0, 1],
    [0, 0],
  ]);
  const above = tf.slice(ahead, [0, 0, 0, 0], [-1, outRows, -1, -1]);
  const evenRows = tf.conv2d(above, columnPairs(middle), 1, 'valid');
  const oddRows = tf.conv2d(ahead, columnPairs(tf.concat([bottom, top], 0)), 1, 'valid');
  const flat = [count, outRows, outColumns * 2 * inputs];
  const laid = tf.concat([evenRows.reshape(flat), oddRows.reshape(flat)], 2);
  const all: tf.Tensor4D = laid.reshape([count, outRows * 2, outColumns * 2, inputs]);
  return tf.slice(all, [0, 0, 0, 0], [count, rows, columns, inputs]);
}

function gradientOfInput(
  dy: tf.Tensor4D,
  kernel: tf.Tensor4D,
  input: { shape: Shape4; stride: number },
): tf.Tensor4D {
  if (input.stride === 2) return strideTwoGradientOfInput(dy, kernel, input.shape);
  const mirrored = tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2]);
  return tf.conv2d(dy, mirrored, 1, 'same');
}

/** Input maps become the batch, pictures become the channels, and the outgoing gradient becomes the kernel. */
function gradientOfKernel(dy: tf.Tensor4D, x: tf.Tensor4D, stride: number): tf.Tensor4D {
  const maps = tf.transpose(tf.pad(x, BORDER), [3, 1, 2, 0]);
  const sums = tf.conv2d(maps, tf.transpose(dy, [1, 2, 0, 3]), 1, 'valid', 'NHWC', stride);
  const [inputs, , , outputs] = sums.shape;
  return tf.transpose(tf.slice(sums, [0, 0, 0, 0], [inputs, 3, 3, outputs]), [1, 2, 0, 3]);
}

/**
 * 3x3 convolution with a border of one zero, differentiable on the WebAssembly backend. `pictures` says that `x` is
 * data: then the costliest gradient, which nobody would read, is not computed.
 */
export function convolve(
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  stride: number,
  of: 'maps' | 'pictures',
): tf.Tensor4D {
  const op = tf.customGrad((...args) => {
    const [input, weights, save] = args as [tf.Tensor4D, tf.Tensor4D, tf.GradSaveFunc];
    save([input, weights]);
    return {
      value: tf.conv2d(tf.pad(input, BORDER), weights, stride, 'valid'),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [a, b] = saved as [tf.Tensor4D, tf.Tensor4D];
        const grad = dy as tf.Tensor4D;
        const toInput = of === 'maps' ? gradientOfInput(grad, b, { shape: a.shape, stride }) : a;
        return [toInput, gradientOfKernel(grad, a, stride)];
      },
    };
  });
  return op(x, kernel) as tf.Tensor4D;
}
