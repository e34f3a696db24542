import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplayedFrame } from './port.ts';
import { frameRecord, frameRow, summarise, summaryTable, TABLE_HEADER, uniqueNames } from './report.ts';

const frameOf = (probabilities: readonly number[], labelIndex: number): ReplayedFrame => ({
  input: 'a/very/long/folder/of/pictures/with/a/picture.jpg',
  frame: 12,
  prediction: {
    label: 'crane',
    labelIndex,
    probability: probabilities[labelIndex] ?? 0,
    probabilities,
    inferMs: 2.51159,
  },
});

test('a label that occurs twice keeps two names', () => {
  assert.deepEqual(uniqueNames(['crane', 'cat', 'crane']), ['crane', 'cat', 'crane (2)']);
});

test('a record holds the ten highest probabilities, best first, under their own names', () => {
  const probabilities = Array.from({ length: 20 }, (_, index) => index / 190);
  const names = uniqueNames(Array.from({ length: 20 }, () => 'crane'));
  const record = JSON.parse(JSON.stringify(frameRecord(frameOf(probabilities, 19), names)));
  assert.equal(record.label, 'crane (19)');
  assert.equal(record.probability, 0.1);
  assert.equal(record.inferMs, 2.512);
  assert.equal(record.frame, 12);
  assert.deepEqual(
    Object.keys(record.probabilities),
    [19, 18, 17, 16, 15, 14, 13, 12, 11, 10].map((index) => `crane (${index})`),
  );
});

test('the summary counts labels and takes quantiles by nearest rank', () => {
  const seen = Array.from({ length: 20 }, (_, index) => ({
    name: index < 5 ? 'cat' : 'dog',
    inferMs: index + 1,
  }));
  assert.deepEqual(summarise(seen, 500), {
    frames: 20,
    perLabel: { dog: 15, cat: 5 },
    meanInferMs: 10.5,
    p50InferMs: 10,
    p95InferMs: 19,
    fps: 40,
  });
});

test('the summary of nothing is zeros', () => {
  assert.deepEqual(summarise([], 0), {
    frames: 0,
    perLabel: {},
    meanInferMs: 0,
    p50InferMs: 0,
    p95InferMs: 0,
    fps: 0,
  });
});

test('the table is aligned and at most 100 columns wide', () => {
  const names = ['a label that is longer than its column, by quite a lot of words'];
  const line = frameRow(frameOf([0.5], 0), names);
  assert.equal(line.length, TABLE_HEADER.length);
  assert.ok(line.length <= 100);
  assert.match(line, /^…\S+picture\.jpg +12 a label that .*… +0\.500 +2\.5$/);
});

test('the table ends with the share of each label', () => {
  const summary = summarise([{ name: 'cat', inferMs: 2 }], 100);
  assert.match(summaryTable(summary), /1 100\.0 % {2}cat\n1 frames, 10 per second; inference mean 2 ms/);
});
