import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDemoArguments } from './arguments.ts';

test('without arguments the park is shown on the usual ports', () => {
  assert.deepEqual(parseDemoArguments([]), { smoke: false, reset: false, httpPort: 8080, mqttPort: 18830 });
});

test('an own camera and model are taken along', () => {
  const request = parseDemoArguments([
    '--camera',
    'a.mp4',
    '--model',
    'm.onnx',
    '--labels',
    'l.txt',
    '--preprocess',
    'tf',
  ]);
  assert.deepEqual(request, {
    smoke: false,
    reset: false,
    httpPort: 8080,
    mqttPort: 18830,
    camera: 'a.mp4',
    model: { onnx: 'm.onnx', labels: 'l.txt', preprocess: 'tf' },
  });
});

const WRONG: readonly (readonly [args: readonly string[], words: RegExp])[] = [
  [['--model', 'm.onnx'], /--labels/],
  [['--preprocess', 'tf'], /--model/],
  [['--http-port', 'x'], /--http-port/],
  [['--smoke', '--camera', 'a.mp4'], /drawn park/],
  [['--nonsense'], /nonsense/],
];
for (const [args, words] of WRONG) {
  test(`"${args.join(' ')}" is refused`, () => assert.throws(() => parseDemoArguments(args), words));
}
