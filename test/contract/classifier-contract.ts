import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Classifier, ModelSpec } from '../../agent/src/inference/port.ts';

/** Loads a model: the runtime in this process, or the host in a child. */
export type Load = (spec: ModelSpec) => Promise<Classifier>;

const RED = Uint8Array.from({ length: 4 * 2 * 3 }, (_, index) => (index % 3 === 0 ? 200 : 10));
const BLUE = Uint8Array.from({ length: 4 * 2 * 3 }, (_, index) => (index % 3 === 2 ? 200 : 10));

/**
 * What every way of running a model owes its callers. `makeSpec` gives a model of 4x2 uint8 pixels that names the
 * strongest of red, green and blue; it is called after the `before` hooks.
 */
export function classifierContract(name: string, load: Load, makeSpec: () => ModelSpec): void {
  const withClassifier = async (work: (classifier: Classifier) => Promise<void>): Promise<void> => {
    const classifier = await load(makeSpec());
    try {
      await work(classifier);
    } finally {
      await classifier.release();
    }
  };

  test(`${name}: a picture gets its label, and probabilities in the order of the labels that sum to one`, () =>
    withClassifier(async (classifier) => {
      const red = await classifier.classify(RED);
      assert.equal(red.label, 'red');
      assert.equal(red.labelIndex, 0);
      assert.equal(red.probability, red.probabilities[0]);
      assert.equal(red.probabilities.length, 3);
      assert.ok(Math.abs(red.probabilities.reduce((sum, value) => sum + value, 0) - 1) < 1e-9);
      const expected = 1 / (1 + 2 * Math.exp(-190 * 0.02));
      assert.ok(Math.abs(red.probability - expected) < 1e-5, `${red.probability} is not ${expected}`);
      assert.ok(red.inferMs >= 0);
      assert.equal((await classifier.classify(BLUE)).label, 'blue');
    }));

  for (const [temperature, exponent] of [
    [2, 1.9],
    [0.5, 7.6],
  ] as const)
    test(`${name}: a temperature of ${temperature} calibrates what the model says, the label stays`, async () => {
      const spec = makeSpec();
      const classifier = await load({ ...spec, output: { ...spec.output, temperature } });
      const red = await classifier.classify(RED);
      await classifier.release();
      const expected = 1 / (1 + 2 * Math.exp(-exponent));
      assert.equal(red.label, 'red');
      assert.ok(Math.abs(red.probability - expected) < 1e-4, `${red.probability} is not ${expected}`);
    });

  test(`${name}: the same picture gives the same answer, and stays as it was`, () =>
    withClassifier(async (classifier) => {
      const picture = Uint8Array.from(RED);
      const first = await classifier.classify(picture);
      const second = await classifier.classify(picture);
      assert.deepEqual(second.probabilities, first.probabilities);
      assert.deepEqual(picture, RED);
    }));

  test(`${name}: a view into a larger buffer is read at its place`, () =>
    withClassifier(async (classifier) => {
      const buffer = Buffer.concat([BLUE, RED, BLUE]);
      const view = buffer.subarray(BLUE.length, BLUE.length + RED.length);
      assert.equal((await classifier.classify(view)).label, 'red');
    }));

  test(`${name}: a picture of another size is refused, and the next one is classified`, () =>
    withClassifier(async (classifier) => {
      await assert.rejects(classifier.classify(RED.subarray(3)), { code: 'MODEL_MISMATCH' });
      assert.equal((await classifier.classify(RED)).label, 'red');
    }));

  test(`${name}: the execution provider is named, and a second release does no harm`, async () => {
    const classifier = await load(makeSpec());
    assert.ok(classifier.executionProviders.length > 0);
    await classifier.release();
    await classifier.release();
  });

  test(`${name}: two models run side by side`, () =>
    withClassifier((one) =>
      withClassifier(async (other) => {
        const [red, blue] = await Promise.all([one.classify(RED), other.classify(BLUE)]);
        assert.deepEqual([red.label, blue.label], ['red', 'blue']);
      }),
    ));

  test(`${name}: a file that is no model is refused by name`, async () => {
    const spec = makeSpec();
    const path = join(dirname(spec.path), 'broken.bin');
    await writeFile(path, 'this is not a model');
    await assert.rejects(load({ ...spec, path }), { code: 'MODEL_UNREADABLE', message: /broken\.bin/ });
    await assert.rejects(load({ ...spec, path: `${path}.gone` }), { code: 'MODEL_UNREADABLE' });
  });

  test(`${name}: labels that do not match the output are refused with both counts`, async () => {
    const spec = makeSpec();
    const output = { ...spec.output, labels: ['red', 'green'] };
    await assert.rejects(load({ ...spec, output }), { code: 'LABELS_MISMATCH', message: /3 labels.*2/ });
  });

  test(`${name}: an input of another size than the graph's is refused with both`, async () => {
    const spec = makeSpec();
    const input = { ...spec.input, width: 8 };
    await assert.rejects(load({ ...spec, input }), { code: 'MODEL_MISMATCH', message: /8,3\].*4,3\]/ });
  });
}
